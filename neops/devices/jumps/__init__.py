"""Ways through jump hosts: one SSH connection to a jump host carries the sessions of many devices behind it."""

from neops.devices.jumps.hosts import JumpHosts

__all__ = ["JumpHosts"]
