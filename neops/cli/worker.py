"""A worker as a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neops.blocks import BlockRegistry, discover
from neops.cli.exits import ExitCode
from neops.cli.reaching import device_settings
from neops.devices import DeviceRuntime, credential_providers
from neops.errors import NeopsError, UsageError
from neops.logs import Redactor
from neops.settings import WorkerSettings, read_environment
from neops.worker import WorkerRuntime, on_signals, on_standing_signal
from neops.worker.execution import tell_nobody

if TYPE_CHECKING:
    from neops.devices.transcript import Recorder


class BlocksBroken(NeopsError):
    """Function blocks that a strict worker shall offer cannot be loaded; the log has the tracebacks."""

    def __init__(self, sources: str) -> None:
        super().__init__(f"function blocks cannot be loaded: {sources} (without --strict they would be left out)")


def work(given: Mapping[str, str], flags: Mapping[str, Any], redactor: Redactor) -> ExitCode:
    """Work until a signal stops it; `flags` win over the environment that is given."""
    environment = read_environment(given)
    settings = WorkerSettings.load(environment, flags)
    registry, reaching = _offered(settings), device_settings(environment)
    providers = credential_providers(environment, reaching.credentials)
    with (
        _recorder(settings.record_dir, redactor) as recorder,
        DeviceRuntime(reaching, credentials=providers, redactor=redactor, observer=recorder) as devices,
    ):
        running = WorkerRuntime(
            settings,
            registry,
            devices,
            redactor=redactor,
            abort_devices=lambda job: devices.abort(job=job),
            job_ended=tell_nobody if recorder is None else recorder.end,
            device_statistics=devices.statistics,
            login_statistics=devices.login_statistics,
        )
        with on_signals(running.shutdown), on_standing_signal(running.tell_standing):
            code = asyncio.run(running.run())
    return ExitCode.OK if code == 0 else ExitCode.FAILED


def _offered(settings: WorkerSettings) -> BlockRegistry:
    found = discover(settings.blocks)
    if settings.strict and found.broken:
        raise BlocksBroken(", ".join(broken.source for broken in found.broken))
    if not found.registry:
        raise UsageError("no function block was found: name a folder with --blocks or DIR_FUNCTION_BLOCKS")
    return found.registry


@contextmanager
def _recorder(folder: Path | None, redactor: Redactor) -> Iterator[Recorder | None]:
    if folder is None:
        yield None
        return
    from neops.devices.transcript import Recorder  # a worker that records nothing must not carry it

    with Recorder.per_job(folder, redactor=redactor) as recorder:
        yield recorder
