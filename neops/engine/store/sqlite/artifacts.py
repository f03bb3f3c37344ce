"""What is known about files that jobs left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, insert, select

from neops.engine.store import tables
from neops.engine.store.changes import NewArtifact, NewEvent
from neops.engine.store.records import Artifact, ArtifactId, EventKind, JobId, RunId
from neops.engine.store.sqlite.database import Database, Transaction
from neops.engine.store.sqlite.events import append
from neops.protocol import JsonObject


class SqliteArtifacts:
    """`ArtifactStore` on SQLite."""

    def __init__(self, database: Database, new_id: Callable[[], str]) -> None:
        self._database, self._new_id = database, new_id

    async def add(self, artifact: NewArtifact) -> Artifact:
        id_ = ArtifactId(self._new_id())
        return await self._database.write(lambda transaction: _add(transaction, id_, artifact))

    async def get(self, artifact: ArtifactId) -> Artifact | None:
        query = select(tables.artifacts).where(tables.artifacts.c.id == artifact)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _artifact(row)

    async def find(self, run: RunId) -> list[Artifact]:
        table = tables.artifacts
        query = select(table).where(table.c.run_id == run).order_by(table.c.seq)
        return await self._database.read(lambda connection: [_artifact(row) for row in connection.execute(query)])


def _add(transaction: Transaction, id_: ArtifactId, new: NewArtifact) -> Artifact:
    jobs = tables.jobs.c
    about = transaction.connection.execute(
        select(jobs.step_label, jobs.entity_id).where(jobs.id == new.job)
    ).one_or_none()
    label, entity_id = (None, None) if about is None else (about.step_label, about.entity_id)
    artifact = Artifact(
        id=id_,
        run=new.run,
        job=new.job,
        step_label=label,
        entity_id=entity_id,
        name=new.name,
        media_type=new.media_type,
        size=new.size,
        sha256=new.sha256,
        created_at=transaction.now,
    )
    transaction.connection.execute(insert(tables.artifacts).values(_columns(artifact)))
    data: JsonObject = {"artifactId": id_, "name": new.name, "size": new.size, "sha256": new.sha256}
    event = NewEvent(kind=EventKind.ARTIFACT, data=data, step_label=label, job=new.job, entity_id=entity_id)
    append(transaction, new.run, [event])
    return artifact


def _columns(artifact: Artifact) -> dict[str, Any]:
    return {
        "id": artifact.id,
        "run_id": artifact.run,
        "job_id": artifact.job,
        "step_label": artifact.step_label,
        "entity_id": artifact.entity_id,
        "name": artifact.name,
        "media_type": artifact.media_type,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "created_at": artifact.created_at,
    }


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
