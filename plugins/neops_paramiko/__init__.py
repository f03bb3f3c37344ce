"""What plugins share whose libraries log in with paramiko, mostly by way of netmiko. No plugin itself."""
