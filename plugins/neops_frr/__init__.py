"""FRRouting through vtysh and its JSON, over SSH."""

from neops_frr.plugin import FrrPlugin

__all__ = ["FrrPlugin"]
