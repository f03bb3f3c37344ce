"""The store port: what the engine asks of its database, whichever it is.

Every method is one transaction, and durable when it returns; it raises StoreUnavailable when the database cannot do it
now. Hot ones (claim, push, touch) are one set-based statement in every adapter. There is one clock: the store's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from neops.engine.store.changes import (
    Claim,
    Due,
    EndedJob,
    Heartbeat,
    HeldLease,
    JobNote,
    NewBlock,
    NewDefinition,
    NewEvent,
    NewRun,
    NewWorker,
    Push,
    PushOutcome,
    RunChange,
)
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.records import (
    Artifact,
    ArtifactId,
    Block,
    BlockId,
    Definition,
    DefinitionId,
    Event,
    Job,
    JobId,
    Lease,
    LockKey,
    Run,
    RunId,
    Signal,
    StepKey,
    StepOutcomes,
    Worker,
    WorkerId,
)
from neops.protocol import JobStatus, JsonObject, RunStatus, WorkerState

T = TypeVar("T")


class WorkerStore(Protocol):
    """Workers and what keeps them alive."""

    async def register(self, worker: NewWorker) -> Worker:
        """Keep a new worker; it counts as online at once."""

    async def touch(self, worker: WorkerId, held: Sequence[HeldLease] | None = None) -> Heartbeat | None:
        """Take a heartbeat: renew its leases (only those `held`, where it says so) and bring it back online.

        None: unknown or deleted.
        """

    async def canceled(self, worker: WorkerId) -> list[JobId]:
        """The jobs it holds and shall stop."""

    async def unregister(self, worker: WorkerId) -> bool:
        """Mark it offline and end its leases. False: unknown or deleted."""

    async def delete(self, workers: Collection[WorkerId]) -> int:
        """Delete workers (the rows stay, marked) and end their leases; answers how many leases that were."""

    async def get(self, worker: WorkerId, *, deleted: bool = False) -> Worker | None:
        """One worker; deleted ones only when asked for."""

    async def find(self, *, state: WorkerState | None = None, deleted: bool = False) -> list[Worker]:
        """Workers in the order of their registration."""

    async def forgotten(self) -> list[WorkerId]:
        """Workers that were silent past the threshold of deletion."""

    async def blocks(self, worker: WorkerId) -> list[BlockId]:
        """The blocks it offers."""


class BlockStore(Protocol):
    """The registry of function blocks."""

    async def register(self, block: NewBlock, worker: WorkerId | None) -> Block:
        """Keep or renew a block, and note that the worker offers it. A deleted block comes back."""

    async def get(self, block: BlockId, *, deleted: bool = False) -> Block | None:
        """One block."""

    async def find(self, *, package: str | None = None, name: str | None = None, deleted: bool = False) -> list[Block]:
        """Blocks by package, name and version, oldest version first."""

    async def workers(self, block: BlockId) -> list[Worker]:
        """The workers that offer a block, the deleted ones left out."""

    async def delete(self, block: BlockId) -> bool:
        """Mark a block as deleted. False: there is none."""


class DefinitionStore(Protocol):
    """Published workflows."""

    async def save(self, definition: NewDefinition) -> Definition:
        """Keep a new version.

        Raises:
            DefinitionExists: that version is there, be it deleted.
        """

    async def get(self, definition: DefinitionId, *, deleted: bool = False) -> Definition | None:
        """One version."""

    async def find(
        self, *, package: str | None = None, name: str | None = None, deleted: bool = False
    ) -> list[Definition]:
        """Versions by package, name and version, oldest version first."""

    async def delete(self, definition: DefinitionId) -> bool:
        """Mark a version as deleted. False: there is none."""

    async def restore(self, definition: DefinitionId) -> bool:
        """Bring a deleted version back. False: there is none."""


class JobStore(Protocol):
    """The queue and the leases."""

    async def claim(self, claims: Sequence[Claim]) -> list[list[Lease]]:
        """Lease jobs, one list per claim, in order of priority, then creation. Earlier claims choose first."""

    async def give_back(self, leases: Sequence[Lease]) -> None:
        """Put jobs back into the queue that their worker never saw."""

    async def push(self, push: Push) -> PushOutcome:
        """Keep a worker's result; the first one wins."""

    async def fail(self, lease: Lease, message: str) -> None:
        """End a leased job that cannot be delivered."""

    async def note(self, notes: Sequence[JobNote]) -> None:
        """Append what jobs said to their runs' logs and renew their leases; notes under another lease are dropped."""

    async def sweep(self) -> list[EndedJob]:
        """End what time has ended: leases (repeatable jobs get another attempt), deadlines, jobs that nobody takes.

        A job that its worker never named in a heartbeat was not started: it goes back into the queue.
        """

    async def extend(self, span: timedelta) -> None:
        """Let no lease end before `span` from now: while the engine was away, nobody could renew one."""

    async def get(self, job: JobId) -> Job | None:
        """One job with its result."""

    async def find(
        self,
        *,
        status: JobStatus | None = None,
        worker: WorkerId | None = None,
        run: RunId | None = None,
        active: bool = False,
    ) -> list[Job]:
        """Jobs in the order of creation; `active`: not answered yet, or in the last five minutes."""


class RunStore(Protocol):
    """Runs, and the one way to change them."""

    async def create(self, run: NewRun) -> Run:
        """Keep a new run in status NEW, with its first event.

        Raises:
            RunExists: the id is taken.
        """

    async def get(self, run: RunId) -> Run | None:
        """One run, without its context."""

    async def context(self, run: RunId) -> JsonObject:
        """The entities of a run (`devices`, `deviceGroups`, `interfaces`), without credentials."""

    async def find(
        self, *, statuses: Collection[RunStatus] | None = None, active: bool = False, unfinished: bool = False
    ) -> list[Run]:
        """Runs, newest first. `active`: not terminal, or in the last five minutes. `unfinished`: not terminal."""

    async def commit(self, change: RunChange) -> Run:
        """Do all of a change, and answer the run as it is now.

        Raises:
            RunMoved: the run is not at that revision any more.
            LocksHeld: an entity is held by another run.
        """

    async def held_locks(self, run: RunId) -> list[LockKey]:
        """The entities a run holds."""

    async def outcomes(self, run: RunId, step: StepKey) -> StepOutcomes:
        """How far a step is; counted in the database, whatever the number of jobs."""

    async def jobs(self, run: RunId, step: StepKey, *, after: JobId | None = None, limit: int = 1000) -> list[Job]:
        """A step's jobs with their results in the order of creation, superseded ones left out, a page at a time."""


class EventStore(Protocol):
    """The runs' logs."""

    async def append(self, run: RunId, events: Sequence[NewEvent]) -> None:
        """Add events that belong to no other change (notes)."""

    async def after(self, run: RunId, seq: int, *, limit: int = 500) -> list[Event]:
        """The events that follow number `seq` (0: from the first)."""


class ArtifactStore(Protocol):
    """What is known about the files that came with results; the bytes are elsewhere."""

    async def get(self, artifact: ArtifactId) -> Artifact | None:
        """One artifact."""

    async def find(self, run: RunId) -> list[Artifact]:
        """A run's artifacts, oldest first."""


class Store(Protocol):
    """The engine's database."""

    @property
    def workers(self) -> WorkerStore: ...

    @property
    def blocks(self) -> BlockStore: ...

    @property
    def definitions(self) -> DefinitionStore: ...

    @property
    def jobs(self) -> JobStore: ...

    @property
    def runs(self) -> RunStore: ...

    @property
    def events(self) -> EventStore: ...

    @property
    def artifacts(self) -> ArtifactStore: ...

    @property
    def trouble(self) -> StoreUnavailable | None:
        """Why the last write was not possible; None once one was."""

    def subscribe(self, listener: Callable[[Signal], None]) -> Callable[[], None]:
        """Call `listener` on the event loop after each commit that others may wait for; answers how to stop that."""

    async def due(self) -> Due:
        """Let delayed jobs into the queue and name the runs that are to be woken."""

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query of another room (the CMS) on this database, off the event loop, in a consistent snapshot."""

    async def write(self, change: Callable[[Connection, datetime], T]) -> T:
        """Run a change of another room (the CMS) on this database as one transaction, off the event loop.

        It is given the store's time.
        """

    async def close(self) -> None:
        """Finish what is queued and close; later calls fail."""
