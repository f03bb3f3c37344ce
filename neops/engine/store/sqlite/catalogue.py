"""What is registered and published: function blocks and workflow definitions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, Table, select, update
from sqlalchemy.dialects.sqlite import insert

from neops.engine.store import tables
from neops.engine.store.changes import NewBlock, NewDefinition
from neops.engine.store.errors import DefinitionExists
from neops.engine.store.records import Block, BlockId, Definition, DefinitionId, Version, Worker, WorkerId
from neops.engine.store.sqlite.database import Database, Transaction
from neops.engine.store.sqlite.workers import SqliteWorkers
from neops.protocol import FunctionBlockType


class SqliteBlocks:
    """`BlockStore` on SQLite."""

    def __init__(self, database: Database, workers: SqliteWorkers) -> None:
        self._database, self._workers = database, workers

    async def register(self, block: NewBlock, worker: WorkerId | None) -> Block:
        def register(transaction: Transaction) -> Block:
            now = transaction.now
            values = _columns(block) | {"updated_at": now, "deleted_at": None}
            upsert = insert(tables.blocks).values(**values, id=block.id, created_at=now)
            transaction.connection.execute(upsert.on_conflict_do_update(index_elements=["id"], set_=values))
            if worker is not None:
                offer = insert(tables.offers).values(worker_id=worker, block_id=block.id)
                transaction.connection.execute(offer.on_conflict_do_nothing())
            return _block(transaction.connection.execute(_one(tables.blocks, block.id)).one())

        return await self._database.write(register)

    async def get(self, block: BlockId, *, deleted: bool = False) -> Block | None:
        query = _alive(_one(tables.blocks, block), tables.blocks, deleted)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _block(row)

    async def find(self, *, package: str | None = None, name: str | None = None, deleted: bool = False) -> list[Block]:
        query = _named(tables.blocks, package, name, deleted)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_block(row) for row in rows]

    async def workers(self, block: BlockId) -> list[Worker]:
        return await self._workers.offering(block)

    async def delete(self, block: BlockId) -> bool:
        return await _mark(self._database, tables.blocks, block, deleted=True)


class SqliteDefinitions:
    """`DefinitionStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, definition: NewDefinition) -> Definition:
        def save(transaction: Transaction) -> Definition:
            now = transaction.now
            values = _columns(definition) | {"id": definition.id, "created_at": now, "updated_at": now}
            saved = transaction.connection.execute(
                insert(tables.definitions).values(values).on_conflict_do_nothing(index_elements=["id"])
            )
            if not saved.rowcount:
                raise DefinitionExists(definition.id)
            return _definition(transaction.connection.execute(_one(tables.definitions, definition.id)).one())

        return await self._database.write(save)

    async def get(self, definition: DefinitionId, *, deleted: bool = False) -> Definition | None:
        query = _alive(_one(tables.definitions, definition), tables.definitions, deleted)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _definition(row)

    async def find(
        self, *, package: str | None = None, name: str | None = None, deleted: bool = False
    ) -> list[Definition]:
        query = _named(tables.definitions, package, name, deleted)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_definition(row) for row in rows]

    async def delete(self, definition: DefinitionId) -> bool:
        return await _mark(self._database, tables.definitions, definition, deleted=True)

    async def restore(self, definition: DefinitionId) -> bool:
        return await _mark(self._database, tables.definitions, definition, deleted=False)


def _one(table: Table, id_: str) -> Select[Any]:
    return select(table).where(table.c.id == id_)


def _named(table: Table, package: str | None, name: str | None, deleted: bool) -> Select[Any]:
    query = select(table).order_by(table.c.package, table.c.name, table.c.major, table.c.minor, table.c.patch)
    if package is not None:
        query = query.where(table.c.package == package)
    if name is not None:
        query = query.where(table.c.name == name)
    return _alive(query, table, deleted)


def _alive(query: Select[Any], table: Table, deleted: bool) -> Select[Any]:
    return query if deleted else query.where(table.c.deleted_at.is_(None))


async def _mark(database: Database, table: Table, id_: str, *, deleted: bool) -> bool:
    def mark(transaction: Transaction) -> bool:
        statement = update(table).where(table.c.id == id_, table.c.deleted_at.is_(None) == deleted)
        stamp = transaction.now if deleted else None
        return (
            transaction.connection.execute(statement.values(deleted_at=stamp, updated_at=transaction.now)).rowcount > 0
        )

    return await database.write(mark)


def _columns(new: NewBlock | NewDefinition) -> dict[str, Any]:
    values: dict[str, Any] = asdict(new)
    version: dict[str, int] = values.pop("version")
    return values | version


def _version(row: Row[Any]) -> Version:
    return Version(major=row.major, minor=row.minor, patch=row.patch)


def _block(row: Row[Any]) -> Block:
    values = {key: value for key, value in row._mapping.items() if key not in ("major", "minor", "patch")}
    return Block(**values | {"type": FunctionBlockType(row.type), "version": _version(row)})


def _definition(row: Row[Any]) -> Definition:
    values = {key: value for key, value in row._mapping.items() if key not in ("major", "minor", "patch")}
    return Definition(**values | {"version": _version(row)})
