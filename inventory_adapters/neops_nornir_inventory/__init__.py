"""Nornir inventories as neops entities, and back: `neops run … --inventory nornir:config.yaml`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from neops.entities import EntityBatch

__all__ = ["dump", "load"]


def load(source: str) -> EntityBatch:
    """The devices and groups of a Nornir inventory.

    `source` is a Nornir configuration file (any installed inventory plugin and transform function), or a folder with
    SimpleInventory's `hosts.yaml`, `groups.yaml` and `defaults.yaml`.

    Raises:
        InventoryInvalid: a file is missing or cannot be read; the message names it.
    """
    from neops.errors import InventoryInvalid
    from neops_nornir_inventory.loading import load_inventory, origin_of
    from neops_nornir_inventory.mapping import to_entities

    try:
        batch = to_entities(load_inventory(source))
    except InventoryInvalid as problem:
        raise InventoryInvalid(f"inventory nornir:{source}: {problem}") from problem
    origin = origin_of(source)
    return replace(batch, origin=origin, complete=origin is not None)


def dump(batch: EntityBatch, target: Path) -> None:
    """Write the entities as a SimpleInventory into a folder, made when it is not there."""
    from neops_nornir_inventory.dumping import dump_inventory

    dump_inventory(batch, target)
