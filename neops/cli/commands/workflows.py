"""`neops run` and `neops demo`: a workflow on devices, with nothing else running."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neops.errors import UsageError

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
    from neops.cli.workflows import Asked, Wanted, run_workflow

    asked = Asked(
        workflow=workflow,
        inventory=inventory,
        limit=limit,
        assignments=set_ or (),
        blocks=blocks or (),
        data=data,
        concurrency=concurrency,
        record=record,
        replay=replay,
    )
    raise typer.Exit(run_workflow(asked, Wanted(as_json=as_json, verbose=verbose, differences=diff)))


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
    from neops.cli.workflows import Wanted, run_demo

    wanted = Wanted(as_json=as_json, verbose=verbose, picture=picture)
    raise typer.Exit(run_demo(devices, latency_s=latency, data=data, concurrency=concurrency, wanted=wanted))
