"""The devices of a job, for a tool of another framework that is built on them: `context.nornir()` is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from neops.concurrency import Deadline
from neops.devices.connector import Connector
from neops.entities import Device, DeviceGroup


class Progress(Protocol):
    """Takes news of how far a job is; any thread may call it, it must not block."""

    def __call__(self, done: int, total: int | None, message: str | None) -> None: ...


def _show_nobody(done: int, total: int | None, message: str | None) -> None:
    del done, total, message


def _never(call: Callable[[], object]) -> None:
    del call


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Devices, and what ties a tool that works on them to the job.

    `connector` gives out devices, with `job` as the one who asks. Nothing is started after `deadline`. `at_end` takes
    what has to be done when the job is over, however it ends: it is called in a thread and has about two seconds.
    """

    devices: Sequence[Device]
    device_groups: Sequence[DeviceGroup] = ()
    connector: Connector
    job: str | None = None
    deadline: Deadline = Deadline.never
    progress: Progress = _show_nobody
    at_end: Callable[[Callable[[], object]], object] = _never
