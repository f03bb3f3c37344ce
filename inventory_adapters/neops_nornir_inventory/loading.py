"""Reads a Nornir inventory the way InitNornir does, without its runners, logging and connection plugins."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from nornir.core.configuration import Config
from nornir.core.inventory import Inventory

from neops.errors import InventoryInvalid

_SIMPLE_FILES = {"host_file": "hosts.yaml", "group_file": "groups.yaml", "defaults_file": "defaults.yaml"}
"""SimpleInventory's options and their defaults (nornir 3.6, plugins/inventory/simple.py)."""


def load_inventory(source: str) -> Inventory:
    """Load the inventory that a Nornir configuration file, or a folder in SimpleInventory's form, describes.

    Raises:
        InventoryInvalid: it cannot be read, in one line.
    """
    path = Path(source).expanduser()
    if not path.exists():
        raise InventoryInvalid("no such file or folder")
    try:
        return _from_folder(path) if path.is_dir() else _from_config(path)
    except InventoryInvalid:
        raise
    except Exception as problem:  # inventory plugins and YAML readers raise what they like
        raise InventoryInvalid(_one_line(problem)) from problem


def origin_of(source: str) -> str | None:
    """A name for an inventory that is always read whole; None: its plugin may choose, as one with a query does."""
    path = Path(source).expanduser()
    if path.is_dir() or Config.from_file(str(path)).inventory.plugin == "SimpleInventory":
        return f"nornir:{path.resolve()}"
    return None


def _from_folder(folder: Path) -> Inventory:
    if not (folder / "hosts.yaml").exists():
        raise InventoryInvalid("the folder has no hosts.yaml")
    return _plugin("SimpleInventory", **{option: str(folder / name) for option, name in _SIMPLE_FILES.items()})


def _from_config(path: Path) -> Inventory:
    wanted = Config.from_file(str(path)).inventory
    options = dict(wanted.options)
    if wanted.plugin == "SimpleInventory":
        options = {**_SIMPLE_FILES, **options}
    inventory = _plugin(wanted.plugin, **_found_beside(path, options))
    if wanted.transform_function:
        transform = _entry_point("nornir.plugins.transform_functions", wanted.transform_function)
        for host in inventory.hosts.values():
            transform(host, **(wanted.transform_function_options or {}))
    return inventory


def _found_beside(config: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """File options as Nornir reads them, from the working folder; else, where it exists there, beside `config`."""
    return {name: _beside(config, value) for name, value in options.items()}


def _beside(config: Path, value: Any) -> Any:
    if not isinstance(value, str) or not value or Path(value).expanduser().exists():
        return value
    candidate = config.parent / value
    return str(candidate) if candidate.exists() else value


def _plugin(name: str, **options: Any) -> Inventory:
    loaded: Inventory = _entry_point("nornir.plugins.inventory", name)(**options).load()
    return loaded


def _entry_point(group: str, name: str) -> Any:
    # by name: Nornir's auto_register() imports every plugin that is installed
    found = list(entry_points(group=group, name=name))
    if not found:
        installed = ", ".join(sorted(point.name for point in entry_points(group=group))) or "none"
        raise InventoryInvalid(f"no {group} named {name!r} is installed (installed: {installed})")
    return found[0].load()


def _one_line(problem: Exception) -> str:
    if isinstance(problem, KeyError):
        return f"{problem} is named but not defined (a group?)"
    if isinstance(problem, AttributeError):
        return f"{problem}: is each host, and each group, an object?"
    return " ".join(str(problem).split()) or type(problem).__name__
