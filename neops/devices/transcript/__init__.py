"""What was asked of devices and what they answered, kept in a file and told again without a device."""
