"""Who speaks which version, and which additions to the contract both sides know."""

from __future__ import annotations

from enum import StrEnum

from neops.protocol.message import Bool, Maybe, Message


class Extension(StrEnum):
    """An addition to the published contract.

    The engine announces its own in the answer to the compatibility check, a worker in its registration. A key of an
    extension goes only to a peer that announced it.
    """

    HELD_POLL = "heldPoll"
    """A poll may carry `waitSeconds`: the answer may take that long when there is no work."""
    LEASE_TOKEN = "leaseToken"  # noqa: S105 - the name of an extension
    """Jobs carry lease token, attempt, deadline and run; a result carries the token back."""
    CANCEL = "cancel"
    """The answer to a ping lists jobs to stop."""
    JOB_LOG = "jobLog"
    """The engine keeps log lines and progress that a worker sends to `/blackboard/job/events`."""
    ARTIFACTS = "artifacts"
    """A result carries the files that the job left."""
    RESULT_ERROR = "resultError"
    """A failed result says in `result.error` what was raised."""
    OWN_ACQUIRE = "ownAcquire"
    """A block's registration says whether it has an acquire of its own; one without gets no ACQUIRE job."""
    FORWARD_RESULT = "forwardResult"
    """A ROLLBACK job carries the result of the job that it undoes."""
    HELD_JOBS = "heldJobs"
    """A ping lists the jobs that the worker holds: their leases and no others are renewed, the answer names lost ones.

    A job counts as started with the first ping that lists it; one that no ping listed goes back into the queue.
    """
    HELD_CANCEL = "heldCancel"
    """`POST /workers/{uuid}/cancellations` is answered as soon as a job of the worker is to stop."""


class VersionCompatibilityRequest(Message):
    """Body of `POST /version/compatibility`: what the caller speaks."""

    version: str
    library: str


class VersionCompatibility(Message):
    """Answer to `POST /version/compatibility` (201). `compatible: false` makes a worker leave."""

    compatible: Bool
    deprecated: Bool
    version: str
    checked_library: str
    checked_version: str
    extensions: Maybe[list[str]] = None


class EngineVersion(Message):
    """Answer to `GET /version`."""

    version: str


class Health(Message):
    """Answer to `GET /health`."""

    healthy: Bool
