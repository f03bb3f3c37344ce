"""Entities as a Nornir inventory: what is behind `context.nornir()`, and the plugins for plain Nornir scripts.

Names are imported when they are used: Nornir is needed then, and not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neops_cms_inventory.connection import HostDevice
    from neops_cms_inventory.inventory import to_inventory
    from neops_cms_inventory.outcomes import outcomes_of
    from neops_cms_inventory.plugin import NeopsInventory
    from neops_cms_inventory.runner import NeopsRunner

__all__ = ["HostDevice", "NeopsInventory", "NeopsRunner", "outcomes_of", "to_inventory"]

_MODULES = {
    "HostDevice": "connection",
    "NeopsInventory": "plugin",
    "NeopsRunner": "runner",
    "outcomes_of": "outcomes",
    "to_inventory": "inventory",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
