"""What is known about files that jobs left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from neops.engine.store import tables
from neops.engine.store.changes import KeptFile, NewEvent
from neops.engine.store.records import Artifact, ArtifactId, EventKind, JobId, RunId
from neops.engine.store.sqlite.database import Database, Transaction
from neops.engine.store.sqlite.events import append
from neops.protocol import JsonObject


class SqliteArtifacts:
    """`ArtifactStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, artifact: ArtifactId) -> Artifact | None:
        query = select(tables.artifacts).where(tables.artifacts.c.id == artifact)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _artifact(row)

    async def find(self, run: RunId) -> list[Artifact]:
        table = tables.artifacts
        query = select(table).where(table.c.run_id == run).order_by(table.c.seq)
        return await self._database.read(lambda connection: [_artifact(row) for row in connection.execute(query)])


def add_artifacts(transaction: Transaction, job: JobId, files: Sequence[KeptFile], new_id: Callable[[], str]) -> None:
    """Note the files of a job, with an event for each."""
    jobs = tables.jobs.c
    query = select(jobs.run_id, jobs.step_label, jobs.entity_id).where(jobs.id == job)
    run, label, entity_id = transaction.connection.execute(query).one()
    events: list[NewEvent] = []
    for file in files:
        id_ = new_id()
        about = {"run_id": run, "job_id": job, "step_label": label, "entity_id": entity_id}
        kept = {"name": file.name, "media_type": file.media_type, "size": file.size, "sha256": file.sha256}
        transaction.connection.execute(
            insert(tables.artifacts).values(id=id_, created_at=transaction.now, **about, **kept)
        )
        data: JsonObject = {"artifactId": id_, "name": file.name, "size": file.size, "sha256": file.sha256}
        events.append(NewEvent(kind=EventKind.ARTIFACT, data=data, step_label=label, job=job, entity_id=entity_id))
    append(transaction, RunId(run), events)


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        id=ArtifactId(row.id),
        run=RunId(row.run_id),
        job=None if row.job_id is None else JobId(row.job_id),
        step_label=row.step_label,
        entity_id=row.entity_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        created_at=row.created_at,
    )
