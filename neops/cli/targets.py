"""Devices of an inventory, as the CMS would give them out."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import create_engine

from neops.cms import EntityStore, import_batch, metadata
from neops.entities import Device, EntityBatch, EntityType


def inventory_devices(batch: EntityBatch, limit: str = "") -> list[Device]:
    """The devices of an inventory with all that they inherit, secrets included; `limit` is a query.

    Raises:
        QueryInvalid: with the position of the mistake.
    """
    store, engine = EntityStore(), create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            import_batch(connection, batch, datetime.now(UTC))
            ids = store.ids(connection, EntityType.DEVICE, query=limit)
            secrets = store.secrets(connection, ids)
            return [device.model_copy(update=vars(secrets[device.id])) for device in store.devices(connection, ids)]
    finally:
        engine.dispose()
