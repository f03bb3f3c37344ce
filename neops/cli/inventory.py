"""The inventory that a command is given, read by the adapter that it names."""

from __future__ import annotations

from importlib.metadata import entry_points
from inspect import signature

from neops.entities import INVENTORY_GROUP, EntityBatch, LoadProgress
from neops.errors import InventoryInvalid


def read_inventory(source: str, *, since: str | None = None, progress: LoadProgress | None = None) -> EntityBatch:
    """The inventory that `adapter:source` names, such as `nornir:config.yaml`.

    `since` and `progress` are for the adapters that know what to do with them.

    Raises:
        InventoryInvalid: there is no such adapter, or it cannot read the source.
    """
    name, colon, rest = source.partition(":")
    known = {point.name: point for point in entry_points(group=INVENTORY_GROUP)}
    if not colon or name not in known:
        adapters = ", ".join(f"{adapter}:…" for adapter in sorted(known)) or "none"
        raise InventoryInvalid(f"inventory {source!r}: write adapter:source; adapters installed: {adapters}")
    try:
        load = known[name].load()
        taken = signature(load).parameters.keys()
        more = {key: value for key, value in {"since": since, "progress": progress}.items() if key in taken}
        batch: EntityBatch = load(rest, **more)
    except ModuleNotFoundError as missing:
        hint = f"pip install 'neops[{name}]'"
        raise InventoryInvalid(f"inventory {source}: {missing.name} is not installed: {hint}") from missing
    return batch
