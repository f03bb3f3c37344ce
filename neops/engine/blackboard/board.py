"""What workers do at the blackboard: poll, push, tell, ping."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from neops.engine.artifacts import ArtifactFiles
from neops.engine.blackboard.cancelling import CancelChannel
from neops.engine.blackboard.claims import Claimer, Gone
from neops.engine.blackboard.delivery import SecretsOf, Undeliverable, devices_of, message_of
from neops.engine.store.changes import Claim, Heartbeat, HeldLease, JobNote, NewWorker, Push, PushOutcome
from neops.engine.store.port import Store
from neops.engine.store.records import BlockId, EventKind, JobId, Lease, Worker, WorkerId
from neops.errors import NeopsError
from neops.protocol import (
    CancellationsQuery,
    Extension,
    JobDefinition,
    JobEvent,
    JobEventKind,
    JobEvents,
    JobLog,
    JobPoll,
    JobResult,
    JsonObject,
    Ping,
    RegisterWorker,
)

_log = logging.getLogger(__name__)


class WorkerUnknown(NeopsError):
    """No such worker is registered, or it was deleted: it has to register again."""

    def __init__(self, worker: str) -> None:
        super().__init__(f"worker {worker} is not registered")
        self.worker = worker


@dataclass(frozen=True, kw_only=True)
class LeaseTerms:
    """How long polls are held and jobs are lent."""

    first: timedelta = timedelta(seconds=10)
    """From the answer to a poll until the first heartbeat: a lost answer brings the job back soon."""
    full: timedelta = timedelta(seconds=60)
    """From each heartbeat."""
    published: timedelta = timedelta(minutes=6)
    """Both, for a worker that does not know leases: it pings every 20 s and is lost when it is offline."""
    hold: timedelta = timedelta(seconds=5)
    """How long a poll that does not say how long is held. A published worker gives up after 30 s."""
    longest_hold: timedelta = timedelta(seconds=25)


class Blackboard:
    """Lends jobs to workers and takes their results."""

    def __init__(self, store: Store, files: ArtifactFiles, secrets_of: SecretsOf, terms: LeaseTerms) -> None:
        self._store, self._files, self._secrets_of, self._terms = store, files, secrets_of, terms
        self._claimer, self._cancels = Claimer(store), CancelChannel(store)
        self._extensions: dict[WorkerId, frozenset[str]] = {}

    @property
    def waiting_polls(self) -> int:
        """Polls that are held now."""
        return self._claimer.waiting

    def start(self) -> None:
        """Answer polls from now on."""
        self._claimer.start()

    async def stop(self) -> None:
        """Answer the polls and questions that wait, with nothing."""
        self._cancels.close()
        await self._claimer.stop()

    async def register(self, worker: RegisterWorker) -> Worker:
        """Take a worker in; each start of a worker is a new one."""
        extensions = frozenset(worker.extensions or ())
        registered = await self._store.workers.register(
            NewWorker(
                version=worker.version,
                name=worker.name,
                ip_address=worker.ip_address,
                extensions=extensions,
                lease=self._terms.full if Extension.LEASE_TOKEN in extensions else self._terms.published,
            )
        )
        self._extensions[registered.id] = extensions
        _log.info("worker registered", extra={"worker": registered.id, "worker_name": worker.name})
        return registered

    async def ping(self, worker: WorkerId, ping: Ping | None = None) -> Heartbeat:
        """Renew a worker's leases: those of the jobs it lists, all of a worker that lists none.

        Raises:
            WorkerUnknown: it has to register again.
        """
        heartbeat = await self._store.workers.touch(worker, None if ping is None else _held(ping))
        if heartbeat is None:
            raise WorkerUnknown(worker)
        return heartbeat

    async def cancellations(self, worker: WorkerId, query: CancellationsQuery, gone: Gone) -> list[JobId]:
        """The worker's jobs that shall stop, as soon as there are any.

        Raises:
            WorkerUnknown: it has to register again.
        """
        await self._extensions_of(worker)
        known = {JobId(job) for job in query.known}
        wait_s = min(query.wait_seconds, self._terms.longest_hold.total_seconds())
        return await self._cancels.wait(worker, known, wait_s=wait_s, gone=gone)

    async def unregister(self, worker: WorkerId) -> None:
        """Let a worker go; its held polls end first, so that none of them leases a job on the way out.

        Raises:
            WorkerUnknown: there is none.
        """
        self.dismiss(worker)
        if not await self._store.workers.unregister(worker):
            raise WorkerUnknown(worker)

    def dismiss(self, worker: WorkerId) -> None:
        """End the held polls and questions of a worker and forget what it can."""
        self._extensions.pop(worker, None)
        self._claimer.dismiss(worker)
        self._cancels.dismiss(worker)

    async def poll(self, poll: JobPoll, gone: Gone) -> list[JobDefinition]:
        """Lend jobs to a worker, unless it has hung up meanwhile.

        Raises:
            WorkerUnknown: it has to register again.
        """
        worker = WorkerId(poll.worker_id)
        extensions = await self._extensions_of(worker)
        claim = Claim(
            worker=worker,
            blocks=tuple(BlockId(block.id) for block in poll.function_block_ids),
            limit=poll.limit or 1,
            lease=self._terms.first if Extension.LEASE_TOKEN in extensions else self._terms.published,
            confirms=Extension.HELD_JOBS in extensions,
        )
        leases = await self._claimer.leases(claim, wait_s=self._hold_s(poll), gone=gone)
        try:
            return await self._messages(leases, extensions, claim.lease) if leases else []
        except BaseException:
            self._claimer.give_back(leases)
            raise

    async def push(self, result: JobResult) -> PushOutcome:
        """Take a result, its files first: a result that is stored never names a file that is not."""
        kept = await self._files.keep(result.artifacts or ())
        answer: JsonObject = result.result.model_dump(mode="json", by_alias=True)
        if result.acquires is not None:
            answer["acquires"] = [one.model_dump(mode="json", by_alias=True) for one in result.acquires]
        return await self._store.jobs.push(
            Push(
                job=JobId(result.job_execution_id),
                token=result.lease_token,
                status=result.status,
                result=answer,
                files=kept,
            )
        )

    async def tell(self, said: JobEvents) -> None:
        """Take what running jobs wrote and how far they are."""
        await self._store.jobs.note([_note(event) for event in said.events])

    async def log(self, line: JobLog) -> None:
        """Take one line of a job."""
        data: JsonObject = {
            "level": line.log_level,
            "message": line.log_entry,
            "loggedAt": line.timestamp.isoformat(),
        }
        await self._store.jobs.note([JobNote(job=JobId(line.job_id), token=None, kind=EventKind.LOG, data=data)])

    def _hold_s(self, poll: JobPoll) -> float:
        asked = self._terms.hold.total_seconds() if poll.wait_seconds is None else poll.wait_seconds
        return min(asked, self._terms.longest_hold.total_seconds())

    async def _extensions_of(self, worker: WorkerId) -> frozenset[str]:
        known = self._extensions.get(worker)
        if known is None:
            found = await self._store.workers.get(worker)
            if found is None:
                raise WorkerUnknown(worker)
            known = self._extensions[worker] = found.extensions
        return known

    async def _messages(
        self, leases: Sequence[Lease], extensions: frozenset[str], term: timedelta
    ) -> list[JobDefinition]:
        secrets = await self._secrets_of(devices_of(leases))
        messages: list[JobDefinition] = []
        for lease in leases:
            try:
                messages.append(message_of(lease, secrets, extensions, leased_at=lease.expires_at - term))
            except Undeliverable as problem:
                _log.error("job cannot be delivered", extra={"job": lease.job, "reason": str(problem)})
                await self._store.jobs.fail(lease, str(problem))
        return messages


def _held(ping: Ping) -> list[HeldLease] | None:
    if ping.jobs is None:
        return None
    return [HeldLease(job=JobId(one.job_id), token=one.lease_token) for one in ping.jobs]


def _note(event: JobEvent) -> JobNote:
    said = {"level": event.level, "message": event.message, "done": event.done, "total": event.total}
    data: JsonObject = {key: value for key, value in said.items() if value is not None}
    if event.kind is JobEventKind.LOG:
        data["loggedAt"] = event.timestamp.isoformat()
    return JobNote(job=JobId(event.job_id), token=event.lease_token, kind=EventKind(event.kind), data=data)
