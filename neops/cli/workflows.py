"""`neops run` and `neops demo`: a workflow on devices, with nothing else running."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from neops.blocks import Discovery, discover
from neops.cli.exits import ExitCode
from neops.cli.folders import new_folder, run_log, write_report
from neops.cli.following import RunView
from neops.cli.inputs import check_limit, read_inventory, read_parameters, read_workflow
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

DataOption = Annotated[
    Path, typer.Option("--data", help="Folder that gets one folder a run: artifacts, report, log.", show_default=True)
]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the workflow.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
VerboseOption = Annotated[
    int,
    typer.Option("--verbose", "-v", count=True, metavar="", show_default=False, help="Say more; twice for debugging."),
]
RecordOption = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Keep what devices are asked and answer in a new file.")
]
ReplayOption = Annotated[
    Path | None, typer.Option("--replay", metavar="FILE", help="Ask no device: a recording answers, to the same run.")
]
DiffOption = Annotated[
    bool, typer.Option("--diff", help="Show what was changed on each device, or in a dry run would be.")
]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="Jobs that run at the same time.")]


def run(
    workflow: Annotated[Path, typer.Argument(help="The workflow's YAML file.", show_default=False)],
    inventory: Annotated[str, typer.Option(help="Where the devices are, such as nornir:config.yaml.")],
    limit: Annotated[str, typer.Option(help="Only what this query finds, such as platform.short_name:cisco_ios.")] = "",
    set_: SetOption = None,
    blocks: Annotated[list[Path] | None, typer.Option(help="Folder or file with function blocks of yours.")] = None,
    data: DataOption = Path("neops-data"),
    concurrency: ConcurrencyOption = 32,
    record: RecordOption = None,
    replay: ReplayOption = None,
    diff: DiffOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Run a workflow on the devices of an inventory, with engine and worker in this process."""
    if record and replay:
        raise UsageError("--record and --replay: what is replayed asks no device, there is nothing to record")
    with _quiet_until_ready(verbose) as redactor, _recorder(record, redactor) as recorder:
        recording = None if replay is None else ReplayPlugin(replay)
        found = _blocks(blocks or ())
        document = read_workflow(workflow, found.registry)
        parameters = read_parameters(document, set_ or ())
        check_limit(document.seed_entity, limit)
        batch, settings = read_inventory(inventory), device_settings(read_environment(os.environ))
        if document.seed_entity is EntityType.DEVICE and not batch.devices:
            raise UsageError(f"inventory {inventory}: there is no device in it")
        prepared = Prepared(
            workflow=document,
            inventory=batch,
            registry=found.registry,
            folder=new_folder(data, document.name),
            limit=limit,
            parameters=parameters,
            concurrency=concurrency,
            settings=settings,
            recorder=recorder,
            replay=recording,
        )
        code = _execute(prepared, redactor, _Wanted(as_json=as_json, verbose=verbose, differences=diff))
        if recording is not None:
            recording.assert_all_used()
        raise typer.Exit(code)


def demo(
    devices: Annotated[int, typer.Option(min=1, max=5000, help="Simulated devices.")] = 12,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that a device takes for a command.")] = 0.05,
    data: DataOption = Path("neops-data"),
    concurrency: ConcurrencyOption = 32,
    picture: Annotated[Path | None, typer.Option(hidden=True, help="Save the closing table as SVG.")] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Start a simulated network of several vendors and run an audit on it over real SSH."""
    from neops.testing.simulator import demo_network

    with _quiet_until_ready(verbose) as redactor, _demo_workflow() as path:
        registry = _blocks(()).registry
        document = read_workflow(path, registry)
        if not as_json:
            typer.echo(f"Starting {devices} simulated devices that answer over SSH on loopback …")
        with demo_network(devices, latency_s=latency) as network:
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
            wanted = _Wanted(as_json=as_json, verbose=verbose, picture=picture)
            raise typer.Exit(_execute(prepared, redactor, wanted))


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What is to be printed of a run."""

    as_json: bool
    verbose: int
    differences: bool = False
    picture: Path | None = None


def _execute(prepared: Prepared, redactor: Redactor, wanted: _Wanted) -> int:
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


def _print(done: RunReport, wanted: _Wanted) -> None:
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
