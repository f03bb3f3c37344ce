"""NETCONF (RFC 6241) over SSH, for any device that speaks it."""

from neops_netconf.plugin import NetconfPlugin

__all__ = ["NetconfPlugin"]
