"""Running a workflow on devices with nothing else running, as `neops run` and `neops demo` do."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path

import typer
from rich.console import Console

from neops.blocks import Discovery, discover
from neops.cli.exits import ExitCode
from neops.cli.folders import new_folder, run_log, write_report
from neops.cli.following import RunView
from neops.cli.inputs import check_limit, read_parameters, read_workflow
from neops.cli.inventory import read_inventory
from neops.cli.local import Prepared, local_stack
from neops.cli.reaching import device_settings
from neops.cli.render import print_report
from neops.cli.report import RunReport
from neops.cli.secrets import command_redactor
from neops.cli.watching import display_on, report, watch
from neops.devices.transcript import Recorder, ReplayPlugin
from neops.entities import EntityBatch, EntityType
from neops.errors import UsageError
from neops.logs import Redactor, configure_logging
from neops.protocol import ReasonCode
from neops.settings import read_environment

_DEMO = ("network_audit", "workflow.yaml")
_DEMO_NEEDS = ("asyncssh", "nornir", "scrapli")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What to run, on which devices, and where to keep it."""

    workflow: Path
    inventory: str
    limit: str
    assignments: Sequence[str]
    blocks: Sequence[Path]
    data: Path
    concurrency: int
    record: Path | None
    replay: Path | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be printed of a run."""

    as_json: bool
    verbose: int
    differences: bool = False
    picture: Path | None = None


def run_workflow(asked: Asked, wanted: Wanted) -> int:
    """Run a workflow on an inventory's devices; the exit code."""
    with _quiet_until_ready(wanted.verbose) as redactor, _recorder(asked.record, redactor) as recorder:
        recording = None if asked.replay is None else ReplayPlugin(asked.replay)
        found = _blocks(asked.blocks)
        document = read_workflow(asked.workflow, found.registry)
        parameters = read_parameters(document, asked.assignments)
        check_limit(document.seed_entity, asked.limit)
        batch, settings = read_inventory(asked.inventory), device_settings(read_environment(os.environ))
        if document.seed_entity is EntityType.DEVICE and not batch.devices:
            raise UsageError(f"inventory {asked.inventory}: there is no device in it")
        prepared = Prepared(
            workflow=document,
            inventory=batch,
            registry=found.registry,
            folder=new_folder(asked.data, document.name),
            limit=asked.limit,
            parameters=parameters,
            concurrency=asked.concurrency,
            settings=settings,
            recorder=recorder,
            replay=recording,
        )
        code = _execute(prepared, redactor, wanted)
        if recording is not None:
            recording.assert_all_used()
        return code


def run_demo(devices: int, *, latency_s: float, data: Path, concurrency: int, wanted: Wanted) -> int:
    """Start a simulated network and run the audit on it; the exit code."""
    if missing := [name for name in _DEMO_NEEDS if find_spec(name) is None]:
        raise UsageError(f"the demo needs {', '.join(missing)}: pip install 'neops[nornir,scrapli]'")
    from neops.testing.simulator import demo_network  # no run on devices needs it

    with _quiet_until_ready(wanted.verbose) as redactor, _demo_workflow() as path:
        registry = _blocks(()).registry
        document = read_workflow(path, registry)
        if not wanted.as_json:
            typer.echo(f"Starting {devices} simulated devices that answer over SSH on loopback …")
        with demo_network(devices, latency_s=latency_s) as network:
            folder = new_folder(data, "demo")
            config = network.write_inventory(folder / "inventory")
            prepared = Prepared(
                workflow=document,
                inventory=read_inventory(f"nornir:{config}"),
                registry=registry,
                folder=folder,
                limit="",
                parameters={},
                concurrency=concurrency,
                settings=device_settings(read_environment(os.environ)),
            )
            return _execute(prepared, redactor, wanted)


def _execute(prepared: Prepared, redactor: Redactor, wanted: Wanted) -> int:
    _learn_secrets(redactor, prepared.inventory)
    with run_log(prepared.folder) as log:
        if not wanted.verbose:
            configure_logging(logging.INFO, stream=log, redactor=redactor)
        done = asyncio.run(_see_through(prepared, redactor, quiet=wanted.as_json))
        text = redactor.redact(json.dumps(done.to_json(), indent=2, ensure_ascii=False))
        configure_logging(logging.WARNING, redactor=redactor)  # the log file is closed now
    try:
        write_report(prepared.folder, text)
    finally:  # a full disk takes the file, a lost terminal what is printed, and neither both
        if wanted.as_json:
            typer.echo(text)
        else:
            _print(done, wanted)
    if done.run.reason_code is ReasonCode.ABORTED:
        return ExitCode.INTERRUPTED
    return ExitCode.OK if done.succeeded else ExitCode.FAILED


def _print(done: RunReport, wanted: Wanted) -> None:
    console = Console(record=wanted.picture is not None)
    print_report(console, done, details=bool(wanted.verbose), differences=wanted.differences)
    if wanted.picture is not None:
        console.save_svg(str(wanted.picture), title="neops demo")


async def _see_through(prepared: Prepared, redactor: Redactor, *, quiet: bool) -> RunReport:
    async with local_stack(prepared, redactor) as stack:
        started = await stack.start_run()
        devices = await stack.chosen_devices()
        with display_on(Console(), quiet=quiet) as display:
            ended = await watch(stack, started, RunView(devices), display)
        done = await report(stack, ended, devices, prepared.folder)
        if (trouble := stack.engine.trouble) is None:
            await stack.forget_credentials()
            return done
        stack.abandon()
        left = f"{trouble}; credentials of the inventory are still in {prepared.folder / 'neops.db'}"
        return replace(done, others=(*done.others, left))


@contextmanager
def _quiet_until_ready(verbose: int) -> Iterator[Redactor]:
    redactor = command_redactor()
    level = logging.WARNING if not verbose else logging.INFO if verbose == 1 else logging.DEBUG
    configure_logging(level, redactor=redactor)
    yield redactor


@contextmanager
def _recorder(path: Path | None, redactor: Redactor) -> Iterator[Recorder | None]:
    if path is None:
        yield None
        return
    recorder = Recorder.to(path, redactor=redactor)
    try:
        yield recorder
    finally:
        recorder.close()
        if recorder.failure is not None:
            typer.echo(f"neops: {path} is not complete: {recorder.failure}", err=True)


def _blocks(directories: Sequence[Path]) -> Discovery:
    found = discover(directories)
    for broken in found.broken:
        typer.echo(f"neops: {broken.source} is left out: {broken.error}", err=True)
    return found


def _learn_secrets(redactor: Redactor, batch: EntityBatch) -> None:
    for one in (*batch.groups, *batch.devices):
        redactor.add(one.password)


@contextmanager
def _demo_workflow() -> Iterator[Path]:
    """The example's workflow: from the wheel, or, in a checkout, from examples/."""
    packaged = files("neops").joinpath("examples", *_DEMO)
    checkout = Path(__file__).parents[2].joinpath("examples", *_DEMO)
    if packaged.is_file():
        with as_file(packaged) as path:
            yield path
    elif checkout.is_file():
        yield checkout
    else:
        raise UsageError("the demo's workflow is missing from this installation: install neops again")
