"""A disk that is full, a file that somebody else holds or that is none of ours."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.port import Store
from neops.engine.store.sqlite import SqliteStore

NO_LIMIT = 2**32 - 2


async def pragma(store: Store, name: str, value: int) -> None:
    await store.write(lambda connection, _: connection.exec_driver_sql(f"PRAGMA {name}={value}"))


async def test_a_full_disk_is_told_with_the_file_and_what_to_do(tmp_path: Path, store: Store, world: Any) -> None:
    await pragma(store, "max_page_count", 1)  # SQLite takes the present size

    with pytest.raises(
        StoreUnavailable, match=f"{tmp_path / 'neops.db'} cannot be used: database or disk is full; free some space"
    ):
        await world.run(workflow_name="w" * 1_000_000)

    assert isinstance(store.trouble, StoreUnavailable)
    assert await store.runs.find() == []


async def test_the_trouble_is_over_once_something_was_written(store: Store, world: Any) -> None:
    await pragma(store, "max_page_count", 1)
    with pytest.raises(StoreUnavailable):
        await world.run(workflow_name="w" * 1_000_000)

    await pragma(store, "max_page_count", NO_LIMIT)
    between = store.trouble
    await world.run()

    assert between is not None
    assert store.trouble is None


async def test_one_wait_for_a_lock_is_enough_for_all_who_write_together(
    tmp_path: Path, store: Store, world: Any
) -> None:
    await pragma(store, "busy_timeout", 0)
    holder = sqlite3.connect(tmp_path / "neops.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    answers = await asyncio.gather(world.block("a"), world.block("b"), return_exceptions=True)

    holder.close()
    assert [str(answer) for answer in answers] == [
        f"{tmp_path / 'neops.db'} cannot be used: database is locked; another process holds it"
    ] * 2
    await world.block("a")


async def test_what_is_no_trouble_of_the_file_stays_what_it_is(store: Store) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        await store.write(lambda connection, _: connection.exec_driver_sql("DELETE FROM ghosts"))

    assert store.trouble is None


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 100)

    with pytest.raises(StoreUnavailable, match=r"notes\.txt cannot be used: file is not a database; name another file"):
        await SqliteStore.open(path)


async def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open database file; it must be a file"):
        await SqliteStore.open(tmp_path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match=r"file/neops.db cannot be used: (File exists|Not a directory)"):
        await SqliteStore.open(tmp_path / "file" / "neops.db")
