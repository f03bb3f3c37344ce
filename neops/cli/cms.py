"""What `neops cms` does: inventories in and out, and a look at what the CMS knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from neops.cli.cms_export import Dump, write_inventory
from neops.cli.cms_import import Import, bring_in
from neops.cli.cms_opening import open_cms
from neops.cli.cms_port import Kind, Place
from neops.cli.cms_render import entity_table, entry_json, listing_table, print_differences, print_history
from neops.cli.progress import Reporter
from neops.cms import Delivered
from neops.entities import EXPORT_GROUP, Entity
from neops.errors import NeopsError, UsageError

_NAMES_SHOWN = 20


class NothingFound(NeopsError):
    """What was named is not in the CMS."""


def bring_inventory(place: Place, wanted: Import, *, as_json: bool) -> None:
    """Import, and print what changed."""
    with open_cms(place, create=True) as cms, Reporter() as report:
        done = bring_in(cms, wanted, report)
    if as_json:
        _print_json(_import_json(wanted, done))
    else:
        _print_import(wanted, done)


def export_inventory(place: Place, form: str, target: Path, *, query: str, credentials: bool) -> None:
    """Write devices and groups in a form that an adapter knows."""
    known = {point.name: point for point in entry_points(group=EXPORT_GROUP)}
    if form not in known:
        raise UsageError(f"cannot export {form!r}: write one of {', '.join(sorted(known))}")
    dump: Dump = known[form].load()
    with open_cms(place) as cms, Reporter() as report:
        batch = cms.export(query, credentials=credentials, report=report)
        write_inventory(dump, batch, target)
    left_out = "" if credentials else "; passwords and connection options are left out (--credentials writes them)"
    typer.echo(f"{len(batch.devices)} devices and {len(batch.groups)} groups in {target}{left_out}", err=True)


def show_list(place: Place, kind: Kind, *, query: str, sort: str, limit: int, as_json: bool) -> None:
    """Print what a query finds."""
    with open_cms(place) as cms:
        found = cms.find(kind, query=query, sort=sort, limit=limit)
    if as_json:
        _print_json([_entity_json(one) for one in found.items])
    else:
        Console().print(listing_table(kind, found.items))
    if found.more:
        typer.echo(f"There are more than {limit}: say --limit, or ask more narrowly.", err=True)


def show_entity(place: Place, kind: Kind, name: str, *, device: str | None, as_json: bool) -> None:
    """Print all that is known about one.

    Raises:
        NothingFound: there is none of that name.
        UsageError: there are several.
    """
    if device is not None and kind is not Kind.INTERFACE:
        raise UsageError("--device is for interfaces")
    with open_cms(place) as cms:
        found = cms.get(kind, name, device=device)
    if not found:
        raise NothingFound(f"there is no {kind} {name!r}" + (f" on {device}" if device else ""))
    if len(found) > 1:
        raise UsageError(f"{len(found)} devices have an {kind} {name!r}: say which with --device")
    if as_json:
        _print_json(_entity_json(found[0]))
    else:
        Console().print(entity_table(found[0]))


def show_history(place: Place, kind: Kind, name: str, *, limit: int, as_json: bool) -> None:
    """Print what happened to one, newest first.

    Raises:
        NothingFound: nothing is known of that name.
    """
    with open_cms(place) as cms:
        entries = cms.history(kind, name, limit)
    if not entries:
        raise NothingFound(f"nothing is known about a {kind} {name!r}")
    if as_json:
        _print_json([entry_json(entry) for entry in entries])
    else:
        print_history(Console(), entries)


def show_changes_of_run(place: Place, run: str, *, as_json: bool) -> None:
    """Print what a run changed, oldest first."""
    with open_cms(place) as cms:
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
