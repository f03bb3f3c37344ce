"""Changing one entity by hand: each function is one change, with its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from neops.cms.history import Author, Journal
from neops.cms.writing import Writer
from neops.entities import EntityType


def create_entity(
    connection: Connection, entity: EntityType, data: Mapping[str, Any], now: datetime, author: Author
) -> int:
    """Create an entity; answers its id.

    Raises:
        Refusal: a value does not fit, what it refers to is not there, or the name is taken.
    """
    writer = _writer(connection, now, author)
    id_ = writer.create(entity, data)
    writer.flush()
    return id_


def change_entity(
    connection: Connection, entity: EntityType, id_: int, data: Mapping[str, Any], now: datetime, author: Author
) -> None:
    """Change fields. Of `facts`, those that are given: None forgets one.

    Raises:
        Refusal: there is no such entity, or a value does not fit.
    """
    writer = _writer(connection, now, author)
    writer.change(entity, id_, {name: value for name, value in data.items() if name != "facts"})
    for key, value in (data.get("facts") or {}).items():
        if value is None:
            writer.drop_fact(entity, id_, key)
        else:
            writer.set_fact(entity, id_, [key], value)
    writer.flush()


def delete_entity(connection: Connection, entity: EntityType, id_: int, now: datetime, author: Author) -> None:
    """Delete an entity.

    Raises:
        Refusal: there is no such entity.
    """
    writer = _writer(connection, now, author)
    writer.delete(entity, [id_])
    writer.flush()


def _writer(connection: Connection, now: datetime, author: Author) -> Writer:
    return Writer(connection, Journal(connection, now, author))
