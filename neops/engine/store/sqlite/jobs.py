"""The queue and the leases."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from neops.engine.store.changes import Claim, EndedJob, JobNote, NewEvent, Push, PushOutcome
from neops.engine.store.limits import Limits
from neops.engine.store.records import (
    BlockId,
    EventKind,
    Job,
    JobEnding,
    JobId,
    Lease,
    RunId,
    WorkerId,
)
from neops.engine.store.sqlite import queries, sweeping
from neops.engine.store.sqlite.artifacts import add_artifacts
from neops.engine.store.sqlite.database import Database, Transaction, to_json
from neops.engine.store.sqlite.events import append, job_event
from neops.engine.store.sqlite.job_rows import JobFilter, find_jobs
from neops.engine.store.tables import from_micros
from neops.entities import EntityType
from neops.protocol import JobStatus, JobType, JsonObject

_MICROSECOND = timedelta(microseconds=1)
_EVIDENCE = 5
"""Refused results that are kept of one job."""


class SqliteJobs:
    """`JobStore` on SQLite."""

    def __init__(self, database: Database, limits: Limits, new_id: Callable[[], str]) -> None:
        self._database, self._limits, self._new_id = database, limits, new_id

    async def claim(self, claims: Sequence[Claim]) -> list[list[Lease]]:
        return await self._database.write(lambda transaction: [_claim(transaction, claim) for claim in claims])

    async def give_back(self, leases: Sequence[Lease]) -> None:
        def give_back(transaction: Transaction) -> None:
            for lease in leases:
                _give_back(transaction, lease)

        await self._database.write(give_back)

    async def push(self, push: Push) -> PushOutcome:
        return await self._database.write(lambda transaction: _push(transaction, push, self._new_id))

    async def fail(self, lease: Lease, message: str) -> None:
        await self._database.write(
            lambda transaction: sweeping.end(transaction, [lease.job], JobEnding.UNDELIVERABLE, message)
        )

    async def note(self, notes: Sequence[JobNote]) -> None:
        await self._database.write(lambda transaction: _note(transaction, notes))

    async def sweep(self) -> list[EndedJob]:
        if not await self._database.read(lambda connection: sweeping.is_due(connection, self._database, self._limits)):
            return []
        return await self._database.write(lambda transaction: sweeping.sweep(transaction, self._limits, self._new_id))

    async def extend(self, span: timedelta) -> None:
        def extend(transaction: Transaction) -> None:
            transaction.raw.execute(queries.EXTEND, {"until": transaction.micros + span // _MICROSECOND})

        await self._database.write(extend)

    async def get(self, job: JobId) -> Job | None:
        found = await self._database.read(lambda connection: find_jobs(connection, JobFilter(job=job)))
        return found[0] if found else None

    async def find(
        self,
        *,
        status: JobStatus | None = None,
        worker: WorkerId | None = None,
        run: RunId | None = None,
        active: bool = False,
    ) -> list[Job]:
        since = self._database.now() - self._limits.recent if active else None
        wanted = JobFilter(status=status, worker=worker, run=run, active_since=since)
        return await self._database.read(lambda connection: find_jobs(connection, wanted))


def _claim(transaction: Transaction, claim: Claim) -> list[Lease]:
    now = transaction.micros
    values = {
        "worker": claim.worker,
        "blocks": to_json(claim.blocks),
        "limit": claim.limit,
        "confirms": claim.confirms,
        "now": now,
        "expires": now + claim.lease // _MICROSECOND,
    }
    rows = sorted(transaction.raw.execute(queries.CLAIM, values).fetchall())
    leases = [_lease(claim.worker, row) for row in rows]
    for run, of_run in groupby(sorted(leases, key=attrgetter("run")), key=attrgetter("run")):
        append(transaction, run, [_leased(lease) for lease in of_run])
    return leases


def _lease(worker: WorkerId, row: Sequence[Any]) -> Lease:
    _, _, id_, run, token, attempt, expires, deadline, label, type_, block, run_on, entity_id, *payload = row
    parameters, context, forward_result = payload
    return Lease(
        job=JobId(id_),
        run=RunId(run),
        worker=worker,
        token=token,
        attempt=attempt,
        expires_at=from_micros(expires),
        deadline=None if deadline is None else from_micros(deadline),
        step_label=label,
        type=JobType(type_),
        block=BlockId(block),
        run_on=EntityType(run_on),
        entity_id=entity_id,
        parameters=json.loads(parameters),
        context=json.loads(context),
        forward_result=None if forward_result is None else json.loads(forward_result),
    )


def _leased(lease: Lease) -> NewEvent:
    return job_event(
        lease.job,
        lease.step_label,
        lease.entity_id,
        status=JobStatus.POLLED,
        attempt=lease.attempt,
        workerId=lease.worker,
    )


def _give_back(transaction: Transaction, lease: Lease) -> None:
    values = {"job": lease.job, "token": lease.token, "now": transaction.micros}
    sweeping.returned(transaction, transaction.raw.execute(queries.GIVE_BACK, values).fetchall())


def _push(transaction: Transaction, push: Push, new_id: Callable[[], str]) -> PushOutcome:
    values = {"job": push.job, "token": push.token, "status": push.status, "now": transaction.micros}
    row = transaction.raw.execute(queries.PUSH, values).fetchone()
    if row is None:
        return _refused(transaction, push)
    seq, run, step, label, entity_id, attempt, worker = row
    transaction.raw.execute(queries.STORE_RESULT, (seq, to_json(push.result)))
    if push.files:
        add_artifacts(transaction, push.job, push.files, new_id)
    event = job_event(
        push.job,
        label,
        entity_id,
        status=JobStatus.PUSHED,
        attempt=attempt,
        ending=JobEnding.RESULT,
        resultStatus=push.status,
        message=push.result.get("message"),
        workerId=worker,
    )
    append(transaction, RunId(run), [event])
    (still_open,) = transaction.raw.execute(queries.STEP_IS_OPEN, (run, step)).fetchone()
    if not still_open:
        transaction.advanced.add(RunId(run))
    return PushOutcome.STORED


def _refused(transaction: Transaction, push: Push) -> PushOutcome:
    row = transaction.raw.execute(queries.STANDING, (push.job,)).fetchone()
    if row is None:
        return PushOutcome.UNKNOWN
    ending, token, run, label, entity_id, stored = row
    if ending == JobEnding.RESULT and push.token is not None and push.token == token:
        return PushOutcome.REPEATED
    said = to_json(push.result)
    if said != stored:  # a published worker, which has no token, sends a result again when its answer was lost
        values = {"job": push.job, "now": transaction.micros, "result": said, "most": _EVIDENCE}
        if transaction.raw.execute(queries.REJECT, values).rowcount:
            append(transaction, RunId(run), [_rejected(push, label, entity_id)])
    return PushOutcome.CONFLICT


def _rejected(push: Push, label: str, entity_id: int | None) -> NewEvent:
    text = f"a result that came too late was refused and kept: {push.status}: {push.result.get('message') or '-'}"
    data: JsonObject = {"level": "WARNING", "message": text}
    return NewEvent(kind=EventKind.LOG, data=data, step_label=label, job=push.job, entity_id=entity_id)


def _note(transaction: Transaction, notes: Sequence[JobNote]) -> None:
    named = to_json(sorted({note.job for note in notes}))
    jobs = {row[0]: row[1:] for row in transaction.raw.execute(queries.NOTED, (named,))}
    of_runs: dict[RunId, list[NewEvent]] = {}
    heard: set[str] = set()
    for note in notes:
        run, label, entity_id, token = jobs.get(note.job, (None, None, None, None))
        if run is None or (note.token is not None and note.token != token):
            continue
        event = NewEvent(kind=note.kind, data=note.data, step_label=label, job=note.job, entity_id=entity_id)
        of_runs.setdefault(RunId(run), []).append(event)
        heard.add(note.job)
    for of_run, events in of_runs.items():
        append(transaction, of_run, events)
    transaction.raw.execute(queries.RENEW_JOBS, {"now": transaction.micros, "jobs": to_json(sorted(heard))})
