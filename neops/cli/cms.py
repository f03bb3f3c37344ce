"""`neops cms`: inventories in and out, and a look at what the CMS knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from neops.cli.cms_export import Dump, write_inventory
from neops.cli.cms_import import Import, bring_in
from neops.cli.cms_opening import Place, open_cms
from neops.cli.cms_port import Kind
from neops.cli.cms_render import entity_table, entry_json, listing_table, print_differences, print_history
from neops.cli.progress import Reporter
from neops.cms import Delivered
from neops.engine.api.cms_exchange import HISTORY_MAX
from neops.entities import EXPORT_GROUP, Entity
from neops.errors import NeopsError, UsageError

app = typer.Typer(no_args_is_help=True, help="The CMS: devices, groups, interfaces and platforms that neops knows.")


def _kind(text: str) -> Kind:
    known = {kind.value: kind for kind in Kind} | {f"{kind.value}s": kind for kind in Kind}
    if text not in known:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(f'{kind.value}s' for kind in Kind)}")
    return known[text]


KindArgument = Annotated[
    Kind, typer.Argument(parser=_kind, metavar="KIND", help="devices, groups, interfaces or platforms.")
]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="A running engine, such as http://127.0.0.1:3030.  [URL_BLACKBOARD]")
]
DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="The engine's database.  [NEOPS_DATABASE, sqlite:///neops.db]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_NAMES_SHOWN = 20


class NothingFound(NeopsError):
    """What was named is not in the CMS."""


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="nornir:config.yaml, netbox:https://…, csv:FILE or yaml:FILE.")],
    url: UrlOption = None,
    database: DatabaseOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Read all of a source that could tell what changed.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete devices that are gone from the source.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring an inventory in: entities are found again by name, and only what differs is written."""
    wanted = Import(source=source, full=full, prune=prune, dry_run=dry_run, changes=dry_run or as_json)
    with open_cms(Place(url=url, database=database), create=True) as cms, Reporter() as report:
        done = bring_in(cms, wanted, report)
    if as_json:
        _print_json(_import_json(wanted, done))
    else:
        _print_import(wanted, done)


@app.command("export")
def export(
    form: Annotated[str, typer.Argument(help="nornir, csv or yaml.")],
    target: Annotated[Path, typer.Argument(help="The file to write; a folder for nornir.")],
    query: Annotated[str, typer.Option(help="Only the devices that this query finds.")] = "",
    credentials: Annotated[
        bool, typer.Option("--credentials/--no-credentials", help="Write passwords and connection options too.")
    ] = False,
    url: UrlOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write devices and groups as an inventory."""
    known = {point.name: point for point in entry_points(group=EXPORT_GROUP)}
    if form not in known:
        raise UsageError(f"cannot export {form!r}: write one of {', '.join(sorted(known))}")
    dump: Dump = known[form].load()
    with open_cms(Place(url=url, database=database)) as cms, Reporter() as report:
        batch = cms.export(query, credentials=credentials, report=report)
    write_inventory(dump, batch, target)
    left_out = "" if credentials else "; passwords and connection options are left out (--credentials writes them)"
    typer.echo(f"{len(batch.devices)} devices and {len(batch.groups)} groups in {target}{left_out}", err=True)


@app.command("list")
def list_(
    kind: KindArgument,
    query: Annotated[str, typer.Argument(help="Such as: hostname:r1* AND facts.role:core.")] = "",
    sort: Annotated[str, typer.Option(help="Field or fact to sort by; hostname:desc the other way round.")] = "id",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    url: UrlOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what there is, or what a query finds."""
    with open_cms(Place(url=url, database=database)) as cms:
        found = cms.find(kind, query=query, sort=sort, limit=limit)
    if as_json:
        _print_json([_entity_json(one) for one in found.items])
    else:
        Console().print(listing_table(kind, found.items))
    if found.more:
        typer.echo(f"There are more than {limit}: say --limit, or ask more narrowly.", err=True)


@app.command("get")
def get(
    kind: KindArgument,
    name: Annotated[str, typer.Argument(help="Its name.")],
    device: Annotated[str | None, typer.Option(help="The device that an interface is on.")] = None,
    url: UrlOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one entity with all that is known about it; exit 1 when there is none of that name."""
    if device is not None and kind is not Kind.INTERFACE:
        raise UsageError("--device is for interfaces")
    with open_cms(Place(url=url, database=database)) as cms:
        found = cms.get(kind, name, device=device)
    if not found:
        raise NothingFound(f"there is no {kind} {name!r}" + (f" on {device}" if device else ""))
    if len(found) > 1:
        raise UsageError(f"{len(found)} devices have an {kind} {name!r}: say which with --device")
    if as_json:
        _print_json(_entity_json(found[0]))
    else:
        Console().print(entity_table(found[0]))


@app.command("history")
def history(
    kind: KindArgument,
    name: Annotated[str, typer.Argument(help="Its name.")],
    limit: Annotated[int, typer.Option(min=1, max=HISTORY_MAX, help="At most so many changes.")] = 50,
    url: UrlOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who changed something, when, in which run, and what it was before; exit 1 when nothing is known of it."""
    with open_cms(Place(url=url, database=database)) as cms:
        entries = cms.history(kind, name, limit)
    if not entries:
        raise NothingFound(f"nothing is known about a {kind} {name!r}")
    if as_json:
        _print_json([entry_json(entry) for entry in entries])
    else:
        print_history(Console(), entries)


@app.command("diff")
def diff(
    run: Annotated[str, typer.Option(help="Id of the run.")],
    url: UrlOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run changed in the CMS."""
    with open_cms(Place(url=url, database=database)) as cms:
        entries = cms.history_of_run(run)[::-1]
    if as_json:
        _print_json([entry_json(entry) for entry in entries])
        return
    print_differences(Console(), entries)
    if not entries:
        typer.echo(f"run {run} changed nothing in the CMS")


def _import_json(wanted: Import, done: Delivered) -> dict[str, Any]:
    return {
        "created": done.summary.created,
        "changed": done.summary.changed,
        "unchanged": done.summary.unchanged,
        "gone": [*done.gone],
        "pruned": wanted.prune,
        "dryRun": wanted.dry_run,
        "changes": [entry_json(one) for one in done.changes],
    }


def _print_import(wanted: Import, done: Delivered) -> None:
    console = Console()
    print_differences(console, done.changes)
    summary, deleted = done.summary, f", {len(done.gone):,} deleted" if wanted.prune else ""
    counts = f"{summary.created:,} created, {summary.changed:,} changed, {summary.unchanged:,} unchanged{deleted}"
    console.print(f"{'nothing was written: ' if wanted.dry_run else ''}{counts}", highlight=False)
    if done.gone and not wanted.prune:
        typer.echo(f"Gone from {wanted.source}, and left alone (--prune deletes): {_some(done.gone)}", err=True)


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")


def _entity_json(entity: Entity) -> dict[str, Any]:
    return entity.model_dump(mode="json", by_alias=True, exclude_none=True)


def _print_json(document: object) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
