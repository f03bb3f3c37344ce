"""Workers: registration, heartbeat, leaving."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from neops.protocol.message import Bool, Count, Maybe, Message, Timestamp


class WorkerState(StrEnum):
    """How the engine last saw a worker."""

    ONLINE = "online"
    UNREACHABLE = "unreachable"
    OFFLINE = "offline"


class RegisterWorker(Message):
    """Body of `POST /workers/register`. Every start of a worker registers anew."""

    version: str
    name: Maybe[str] = None
    ip_address: Maybe[str] = None
    extensions: Maybe[list[str]] = None


class WorkerRegistration(Message):
    """Answer to `POST /workers/register` (201), and a worker in lists. `uuid` is the worker's identity."""

    uuid: str
    version: str
    name: Maybe[str] = None
    ip_address: Maybe[str] = None
    state: WorkerState
    last_ping_at: Timestamp
    last_seen_at: Maybe[Timestamp] = None
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None
    function_block_ids: Maybe[list[str]] = None


class HeldJob(Message):
    """A job that a worker holds, under the lease that it knows."""

    job_id: str
    lease_token: Maybe[str] = None


class Ping(Message):
    """Body of `POST /workers/{uuid}/ping`, extension `heldJobs`: what the worker runs, and what it has not delivered.

    Without a list all leases of the worker are renewed.
    """

    jobs: Maybe[list[HeldJob]] = None


class WorkerActionResult(Message):
    """Answer to `POST /workers/{uuid}/ping` and `…/unregister` (200)."""

    success: Bool
    cancel: Maybe[list[str]] = None
    """Ids of the worker's jobs to stop now."""
    lost: Maybe[list[str]] = None
    """Ids of listed jobs that this worker no longer holds: stop them, another one may be at the same device."""


class CancellationsQuery(Message):
    """Body of `POST /workers/{uuid}/cancellations`, extension `heldCancel`."""

    known: list[str]
    """Ids of jobs that are being stopped already."""
    wait_seconds: Annotated[float, Field(ge=0)]
    """How long the answer may take when there is nothing to stop."""


class Cancellations(Message):
    """Answer to `POST /workers/{uuid}/cancellations` (200)."""

    cancel: list[str]
    """Ids of the worker's jobs to stop now, without the known ones."""


class WorkerCleanupResult(Message):
    """Answer to `POST /workers/cleanup` and `…/cleanup-offline`."""

    cleaned_up_worker_ids: list[str]
    failed_job_count: Count
