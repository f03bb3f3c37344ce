"""Nornir inventories as neops entities: `neops run … --inventory nornir:config.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neops.entities import EntityBatch

__all__ = ["load"]


def load(source: str) -> EntityBatch:
    """The devices and groups of a Nornir inventory.

    `source` is a Nornir configuration file (any installed inventory plugin and transform function), or a folder with
    SimpleInventory's `hosts.yaml`, `groups.yaml` and `defaults.yaml`.

    Raises:
        InventoryInvalid: a file is missing or cannot be read; the message names it.
    """
    from neops_nornir_inventory.loading import load_inventory
    from neops_nornir_inventory.mapping import to_entities

    return to_entities(load_inventory(source))
