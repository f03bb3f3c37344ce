"""What is SQLite's own: migrations, plans of the hot queries, the file."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, inspect

from neops.cms import metadata as cms_metadata
from neops.engine.store.errors import SchemaTooNew
from neops.engine.store.migrations import migrate
from neops.engine.store.port import Store
from neops.engine.store.sqlite import SqliteStore, queries
from neops.engine.store.tables import metadata


def migrated_step_by_step(path: Path) -> Path:
    migrate(path, "0001")
    migrate(path)
    return path


def schema_of(path: Path) -> dict[str, Any]:
    """Every table and index with all that SQLite keeps of it but the order of columns."""
    raw = sqlite3.connect(path)
    found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    schema = {
        name: (
            {row[1:6] for row in raw.execute(f"PRAGMA table_info({name})")},
            {row[2:] for row in raw.execute(f"PRAGMA foreign_key_list({name})")},
            {row[1:] for row in raw.execute(f"PRAGMA index_list({name})")},
            [row[2:] for row in raw.execute(f"PRAGMA index_xinfo({name})")],
            {word for word in ("AUTOINCREMENT", "WITHOUT ROWID", "CHECK", "DEFERRABLE") if word in sql},
            sql.partition(" WHERE ")[2],
        )
        for name, sql in found
    }
    raw.close()
    return schema


def revision_of(path: Path) -> list[tuple[str]]:
    raw = sqlite3.connect(path)
    try:
        return raw.execute("SELECT version_num FROM alembic_version").fetchall()
    finally:
        raw.close()


def test_migrations_make_exactly_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    path = migrated_step_by_step(tmp_path / "neops.db")
    with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, [metadata, cms_metadata]) == []  # type: ignore[arg-type]  # a list is fine


def test_a_new_database_is_what_the_migrations_would_have_made(tmp_path: Path, migrated_file: Path) -> None:
    migrated = migrated_step_by_step(tmp_path / "neops.db")

    assert schema_of(migrated_file) == schema_of(migrated)
    assert revision_of(migrated_file) == revision_of(migrated)


def test_only_older_databases_need_alembic(tmp_path: Path) -> None:
    code = """
import sys, pathlib
from neops.engine.store.migrations import migrate
migrate(pathlib.Path(sys.argv[1]))
migrate(pathlib.Path(sys.argv[1]))
print("alembic" in sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "neops.db"], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "False"


def test_of_two_that_make_the_same_database_one_makes_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [tmp_path / "neops.db"] * 4))

    assert schema_of(tmp_path / "neops.db")


def test_migrations_go_down_again_step_by_step_and_up_once_more(tmp_path: Path) -> None:
    path = tmp_path / "neops.db"
    seen = []
    for revision in ("head", "0001", "base", "head"):
        migrate(path, revision)
        with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
            names = set(inspect(connection).get_table_names())
        seen.append(("cms_devices" in names, "jobs" in names))

    assert seen == [(True, True), (False, True), (False, False), (True, True)]


def test_a_database_of_a_newer_neops_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "neops.db"
    migrate(path)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()

    with pytest.raises(SchemaTooNew, match="9999"):
        migrate(path)


def plan_of(path: Path, query: str, values: Any) -> list[str]:
    raw = sqlite3.connect(path)
    try:
        return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    finally:
        raw.close()


def test_a_claim_reads_the_queue_by_its_index_and_never_the_whole_of_it(migrated_file: Path) -> None:
    values = {"worker": "w", "blocks": "[]", "limit": 1, "now": 0, "expires": 0, "confirms": True}

    plan = plan_of(migrated_file, queries.CLAIM, values)

    assert "SEARCH first USING INDEX ix_jobs_queue (block_id=?)" in plan
    assert not [step for step in plan if step.startswith("SCAN") and "block" not in step]


def test_a_heartbeat_finds_the_leases_of_its_worker_by_index(migrated_file: Path) -> None:
    plan = plan_of(migrated_file, queries.RENEW, {"worker": "w", "expires": 0, "held": "[]"})

    assert [step for step in plan if "jobs" in step] == ["SEARCH jobs USING INDEX ix_jobs_leases (worker_id=?)"]


def test_a_push_looks_for_open_jobs_by_index(migrated_file: Path) -> None:
    plan = plan_of(migrated_file, queries.STEP_IS_OPEN, ("run", "step"))

    assert "SEARCH jobs USING INDEX ix_jobs_open (run_id=?)" in plan


async def test_what_was_answered_is_in_the_file_when_the_process_dies(tmp_path: Path, store: Store, world: Any) -> None:
    run = await world.run()

    # Another connection sees what a restart would see: the committed state, with nothing flushed by a close.
    raw = sqlite3.connect(tmp_path / "neops.db")
    found = raw.execute("SELECT status FROM runs WHERE id = ?", (run.id,)).fetchall()
    raw.close()
    assert found == [("running",)]


async def test_commits_are_on_disk_before_they_are_answered(tmp_path: Path, store: Store) -> None:
    def pragmas(connection: Any, _: Any) -> tuple[Any, Any]:
        modes = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        return modes[0], modes[1]

    assert await store.write(pragmas) == ("wal", 2)


async def test_a_caller_that_gives_up_before_its_turn_changes_nothing(store: Store, world: Any) -> None:
    started = asyncio.Event()
    loop = asyncio.get_running_loop()
    release = threading.Event()

    def slow(*_: Any) -> None:
        loop.call_soon_threadsafe(started.set)
        release.wait(5)

    busy = asyncio.create_task(store.write(slow))
    await started.wait()
    given_up = asyncio.create_task(world.block("given-up"))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    release.set()
    await busy

    assert await store.blocks.find() == []


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "neops.db")
    await store.close()

    with pytest.raises(RuntimeError, match="closed"):
        await store.workers.forgotten()
