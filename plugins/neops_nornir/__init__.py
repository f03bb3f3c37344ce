"""Devices through Nornir connection plugins: netmiko by default, any other that is installed."""

from neops_nornir.plugin import NornirPlugin

__all__ = ["NornirPlugin"]
