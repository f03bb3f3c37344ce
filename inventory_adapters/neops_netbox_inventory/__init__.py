"""NetBox as an inventory: `neops cms import netbox:https://netbox.example.net`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neops.entities import EntityBatch, LoadProgress

__all__ = ["load"]


def load(source: str, *, since: str | None = None, progress: LoadProgress | None = None) -> EntityBatch:
    """Devices with their interfaces, and groups from sites, roles and tags.

    `source` is NetBox's URL. Its query narrows the devices as in NetBox's own lists (`?site=zrh&status=active`), and
    `interfaces=false` leaves the interfaces out. The token is read from the environment, NETBOX_TOKEN.

    With `since`, the `cursor` of an earlier batch, only what changed in NetBox after it. What was deleted there, and a
    renamed site, role or tag, show in a full load only.

    Raises:
        InventoryInvalid: NetBox does not answer, or not as NetBox does.
    """
    from neops.errors import InventoryInvalid
    from neops_netbox_inventory.mapping import to_entities
    from neops_netbox_inventory.reading import NetBox

    netbox = NetBox.of(source, os.environ.get("NETBOX_TOKEN"))
    try:
        return to_entities(netbox.read(since, progress))
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        reason = f"{type(problem).__name__}: {' '.join(str(problem).split())}"
        raise InventoryInvalid(f"inventory {netbox}: a record is not as NetBox writes it: {reason}") from problem
