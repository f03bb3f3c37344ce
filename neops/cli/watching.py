"""Seeing a local run through: showing it while it goes on, aborting it on Ctrl-C, and reporting what it did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from rich.console import Console
from rich.live import Live

from neops.cli.following import RunView
from neops.cli.local import LocalStack
from neops.cli.render import live_view
from neops.cli.report import RunReport, device_report, failures_elsewhere, shares
from neops.engine.artifacts import ArtifactFiles
from neops.engine.events import EventLog
from neops.engine.runs import RunOver
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.location import artifacts_path
from neops.engine.store.records import Artifact, Job, Run
from neops.entities import Device, EntityType
from neops.protocol import JobType

logger = logging.getLogger(__name__)

_FRAME_S = 0.1
"""Time between two pictures of a run on a terminal."""
_LINE_S = 2.0
"""Time between two lines about a run where there is no terminal."""
_STUCK_S = 5.0
"""How long a run may stand still because its folder cannot be written."""


_INTERRUPTIONS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "a lost terminal (SIGHUP)"}
"""What aborts a run, so that no device is left in the middle of something, and how that is told."""


class Display(Protocol):
    """Shows a run while it goes on."""

    def show(self, view: RunView) -> None: ...


async def watch(stack: LocalStack, run: Run, view: RunView, display: Display) -> Run:
    """Follow a run to its end; Ctrl-C or a SIGTERM aborts it, and it is followed on until everything has stopped.

    A run that stands still because the engine cannot keep what it does is left as it is.
    """
    log, stuck = EventLog(stack.engine.store), _Stuck(asyncio.get_running_loop().time)
    try:
        async with _abort_on_interrupt(stack, run):
            async for event in log.follow(run.id, idle_s=_FRAME_S):
                if event is not None:
                    view.take(event)
                display.show(view)
                if stuck.for_too_long(moved=event is not None, trouble=stack.engine.trouble is not None):
                    break
    finally:
        log.close()
    ended = await stack.engine.store.runs.get(run.id)
    return ended or run


class _Stuck:
    """Tells a run that cannot go on from one that waits for devices."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None

    def for_too_long(self, *, moved: bool, trouble: bool) -> bool:
        if moved:
            self._since = None
        if not trouble:
            return False
        self._since = self._since or self._clock()
        return self._clock() - self._since >= _STUCK_S


@asynccontextmanager
async def _abort_on_interrupt(stack: LocalStack, run: Run) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    aborting: set[asyncio.Task[None]] = set()

    async def abort(by: str) -> None:
        with contextlib.suppress(RunOver, StoreUnavailable):
            await stack.engine.runs.abort(run.id, by=by)

    def interrupted(by: str) -> None:
        ignore()  # a second one ends the process at once
        aborting.add(loop.create_task(abort(by)))

    known = {getattr(signal, name): by for name, by in _INTERRUPTIONS.items() if hasattr(signal, name)}
    heeded = {number: by for number, by in known.items() if signal.getsignal(number) is not signal.SIG_IGN}  # nohup

    def ignore() -> None:
        with contextlib.suppress(RuntimeError, NotImplementedError):
            for number in heeded:
                loop.remove_signal_handler(number)

    with contextlib.suppress(RuntimeError, NotImplementedError):  # not in the main thread, or on Windows
        for number, by in heeded.items():
            loop.add_signal_handler(number, interrupted, by)
    try:
        yield
    finally:
        ignore()
        await asyncio.gather(*aborting)


@contextmanager
def display_on(console: Console, *, quiet: bool) -> Iterator[Display]:
    """A moving table on a terminal, a line every two seconds elsewhere, nothing when quiet."""
    if quiet:
        yield _Nothing()
    elif not console.is_terminal:
        yield _Lines(console)
    else:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield _Table(console, live)


class _Nothing:
    def show(self, view: RunView) -> None:
        del view


class _Table:
    def __init__(self, console: Console, live: Live) -> None:
        self._console, self._live = console, live
        self._shown_at = 0.0

    def show(self, view: RunView) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._shown_at >= _FRAME_S:
            self._shown_at = now
            self._live.update(live_view(view, rows=self._console.height - 1), refresh=True)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._said_at, self._said = asyncio.get_running_loop().time(), ""

    def show(self, view: RunView) -> None:
        now = asyncio.get_running_loop().time()
        failed = f", {view.failed} failed" if view.failed else ""
        line = f"{view.status}: {view.done} of {view.total} jobs done{failed}"
        if now - self._said_at >= _LINE_S and line != self._said:
            self._said_at, self._said = now, line
            self._console.print(line, highlight=False)


async def report(stack: LocalStack, run: Run, devices: Sequence[Device], folder: Path) -> RunReport:
    """What the run did; its artifacts get readable names below `folder`/artifacts."""
    jobs = await stack.jobs(run.id)
    changing = await stack.changing_blocks()
    of_device: dict[int | None, list[Job]] = defaultdict(list)
    ids = {device.name: device.id for device in devices}
    groups = {one.id: one.name for device in devices for one in device.groups if one.id and one.name}
    for job in jobs:
        if job.type is JobType.EXECUTE and job.run_on is EntityType.DEVICE:
            of_device[job.entity_id].append(job)
        elif job.type is JobType.EXECUTE:
            for name, share in shares(job).items():
                of_device[ids.get(name)].append(share)
    files = await stack.artifacts(run.id)
    names = await asyncio.to_thread(_link_artifacts, files, folder)
    return RunReport(
        run=run,
        devices=tuple(
            device_report(device, of_device[device.id], stack.devices.served_by(device), changing) for device in devices
        ),
        others=failures_elsewhere(jobs, frozenset(device.id for device in devices), groups),
        artifacts=tuple(names),
        artifacts_folder=str(folder / "artifacts"),
    )


def _link_artifacts(files: Sequence[Artifact], folder: Path) -> list[str]:
    kept = ArtifactFiles(artifacts_path(folder / "neops.db"))
    names: list[str] = []
    for one in files:
        parts = [part for part in PurePosixPath(one.name).parts if part not in ("/", "..", ".")]
        name = PurePosixPath(one.step_label or "run", *parts)
        target = folder / "artifacts" / name
        try:
            _link(kept.path(one.sha256), target)
        except OSError as error:
            logger.error("an artifact gets no name", extra={"file": str(target), "reason": str(error)})
        else:
            names.append(str(name))
    return sorted(set(names))


def _link(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(file)
    except FileExistsError:  # the same name from another attempt: the first one stays
        return
    except OSError:  # a file system without hard links
        shutil.copyfile(file, target)
