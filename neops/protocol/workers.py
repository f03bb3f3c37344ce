"""Workers: registration, heartbeat, leaving."""

from __future__ import annotations

from enum import StrEnum

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


class WorkerActionResult(Message):
    """Answer to `POST /workers/{uuid}/ping` and `…/unregister` (200)."""

    success: Bool
    cancel: Maybe[list[str]] = None
    """Ids of the worker's jobs to stop now."""


class WorkerCleanupResult(Message):
    """Answer to `POST /workers/cleanup` and `…/cleanup-offline`."""

    cleaned_up_worker_ids: list[str]
    failed_job_count: Count
