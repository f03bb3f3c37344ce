"""NETCONF (RFC 6241, RFC 6242) as a subsystem of a simulated device's SSH server, with Junos' own operations."""
