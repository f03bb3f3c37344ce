"""Bringing a database to the schema of this version, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, NullPool, create_engine

from neops.cms import metadata as cms_metadata
from neops.engine.store.tables import metadata

HEAD: Final = "0005"
"""The revision that the code's tables are; a new one comes with the last file below `versions`."""

_STAMP = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)",
    f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')",  # noqa: S608
)
"""What `alembic stamp` would write (alembic 1.20, MigrationContext._version)."""


def migrate(path: Path, revision: str = "head") -> None:
    """Bring the SQLite file to a revision, and make it, for its owner only, when it is not there.

    Raises:
        SchemaTooNew: a newer neops made the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # it will hold passwords; SQLite gives the same mode to the files beside it
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    if revision == "head" and _needs_no_steps(engine):
        return
    from neops.engine.store.migrations.steps import migrate_on  # brings alembic, which only older files need

    with engine.begin() as connection:
        migrate_on(connection, revision)


def _needs_no_steps(engine: Engine) -> bool:
    """Whether all tables are there; an empty database gets them now.

    alembic's cookbook, "Building an Up to Date Database from Scratch": what is new needs none of the older steps.
    """
    with engine.connect() as connection:
        if tables := _tables(connection):
            return _stamped(connection, tables)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if tables := _tables(connection):  # another process came first
            return _stamped(connection, tables)
        for described in (metadata, cms_metadata):
            described.create_all(connection)
        for statement in _STAMP:
            connection.exec_driver_sql(statement)
        return True


def _tables(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())


def _stamped(connection: Connection, tables: set[str]) -> bool:
    if "alembic_version" not in tables:
        return False
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [HEAD]
