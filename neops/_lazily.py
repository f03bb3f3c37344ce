"""Packages whose names are imported when they are used (PEP 562): nobody carries what only others need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from typing import Any


def lazily(
    package: str, names: Collection[str], rooms: Sequence[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package: its `names` are found in `rooms`, modules that are imported in this
    order until one has the name. Light ones come first.
    """

    def find(name: str) -> Any:
        if name in names:
            for room in map(import_module, rooms):
                if hasattr(room, name):
                    return getattr(room, name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find, lambda: sorted(names)
