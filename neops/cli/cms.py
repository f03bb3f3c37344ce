"""`neops cms`: inventories in and out, and a look at what the CMS knows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from neops.cli.cms_database import CmsDatabase, open_database
from neops.cli.cms_render import (
    devices_table,
    entry_json,
    groups_table,
    interfaces_table,
    print_differences,
    print_history,
)
from neops.cli.inputs import read_inventory
from neops.cli.progress import Reporter
from neops.cms import (
    Author,
    EntityStore,
    HistoryEntry,
    ImportSummary,
    export_batch,
    history_of,
    history_of_run,
    history_since,
    import_batch,
    last_change,
    page,
)
from neops.cms.sources import cursor_of, keep_cursor
from neops.entities import EXPORT_GROUP, EntityBatch, EntityType, NewDevice, NewGroup
from neops.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="The CMS: devices, groups and interfaces that neops knows.")

DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="The engine's database.  [NEOPS_DATABASE, sqlite:///neops.db]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_CHUNK = 1000
"""Devices written in one transaction, so that an engine on the same database gets its turn."""


class Kind(StrEnum):
    """What can be listed."""

    DEVICE = "device"
    GROUP = "group"
    INTERFACE = "interface"


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="nornir:config.yaml, netbox:https://…, csv:FILE or yaml:FILE.")],
    database: DatabaseOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Read all of a source that could tell what changed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring an inventory in: entities are found again by name, and only what differs is written."""
    with open_database(database, create=True) as opened, Reporter() as report:
        since = None if full else opened.read(lambda connection: cursor_of(connection, source))
        batch = read_inventory(source, since=since, progress=report)
        target = opened.copy() if dry_run else opened
        start = target.read(last_change)
        summary = _import(target, batch, source, report)
        entries = target.read(lambda connection: history_since(connection, start)) if dry_run or as_json else []
        if dry_run:
            target.close()
    _print_import(summary, entries, dry_run=dry_run, as_json=as_json)


@app.command("export")
def export(
    form: Annotated[str, typer.Argument(help="nornir, csv or yaml.")],
    target: Annotated[Path, typer.Argument(help="The file to write; a folder for nornir.")],
    query: Annotated[str, typer.Option(help="Only the devices that this query finds.")] = "",
    credentials: Annotated[
        bool, typer.Option("--credentials/--no-credentials", help="Write passwords and connection options too.")
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Write devices and groups as an inventory."""
    known = {point.name: point for point in entry_points(group=EXPORT_GROUP)}
    if form not in known:
        raise UsageError(f"cannot export {form!r}: write one of {', '.join(sorted(known))}")
    dump: Callable[[EntityBatch, Path], None] = known[form].load()
    with open_database(database) as opened:
        batch = opened.read(lambda connection: export_batch(connection, query))
    with _for_its_owner_only():
        dump(batch if credentials else _without_credentials(batch), target)
    left_out = "" if credentials else "; passwords and connection options are left out (--credentials writes them)"
    typer.echo(f"{len(batch.devices)} devices and {len(batch.groups)} groups in {target}{left_out}", err=True)


@app.command("list")
def list_(
    query: Annotated[str, typer.Argument(help="Such as: hostname:r1* AND facts.role:core.")] = "",
    kind: Annotated[Kind, typer.Option(help="What to list.")] = Kind.DEVICE,
    sort: Annotated[str, typer.Option(help="Field to sort by; hostname:desc the other way round.")] = "id",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a query finds."""
    with open_database(database) as opened:
        listing = opened.read(lambda connection: _listing(connection, kind, query, sort, limit))
    if as_json:
        shown = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in listing.items]
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    Console().print(listing.table)
    if listing.more:
        typer.echo(f"There are more than {limit}: say --limit, or ask more narrowly.", err=True)


@app.command("history")
def history(
    kind: Annotated[Kind, typer.Argument(help="device, group or interface.")],
    name: Annotated[str, typer.Argument(help="Its name.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many changes.")] = 50,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who changed something, when, in which run, and what it was before."""
    with open_database(database) as opened:
        entries = opened.read(lambda connection: history_of(connection, kind.value, name=name, limit=limit))
    if not entries:
        raise UsageError(f"nothing is known about a {kind.value} {name!r}")
    if as_json:
        typer.echo(json.dumps([entry_json(entry) for entry in entries], indent=2, ensure_ascii=False))
    else:
        print_history(Console(), entries)


@app.command("diff")
def diff(
    run: Annotated[str, typer.Option(help="Id of the run.")],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run changed in the CMS."""
    with open_database(database) as opened:
        entries = opened.read(lambda connection: history_of_run(connection, run))[::-1]
    if as_json:
        typer.echo(json.dumps([entry_json(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    print_differences(Console(), entries)
    if not entries:
        typer.echo(f"run {run} changed nothing in the CMS")


def _import(target: CmsDatabase, batch: EntityBatch, source: str, report: Reporter) -> ImportSummary:
    author = Author(name=f"import {source.partition('?')[0]}")
    summary = ImportSummary()
    for done, part in _parts(batch):
        summary += target.write(partial(_import_part, batch=part, author=author))
        report("written", done, len(batch.devices))
    cursor = batch.cursor
    if cursor is not None:
        target.write(lambda connection, now: keep_cursor(connection, source, cursor, now))
    return summary


def _import_part(connection: Connection, now: datetime, *, batch: EntityBatch, author: Author) -> ImportSummary:
    return import_batch(connection, batch, now, author)


def _parts(batch: EntityBatch) -> Iterator[tuple[int, EntityBatch]]:
    yield 0, EntityBatch(groups=batch.groups)
    for start in range(0, len(batch.devices), _CHUNK):
        devices = batch.devices[start : start + _CHUNK]
        yield start + len(devices), EntityBatch(devices=devices)


def _print_import(summary: ImportSummary, entries: Sequence[HistoryEntry], *, dry_run: bool, as_json: bool) -> None:
    counts = {"created": summary.created, "changed": summary.changed, "unchanged": summary.unchanged}
    if as_json:
        typer.echo(json.dumps({**counts, "dryRun": dry_run, "changes": [entry_json(one) for one in entries]}, indent=2))
        return
    console = Console()
    print_differences(console, entries)
    would = "nothing was written: " if dry_run else ""
    console.print(would + ", ".join(f"{number:,} {what}" for what, number in counts.items()), highlight=False)


@contextmanager
def _for_its_owner_only() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _without_credentials(batch: EntityBatch) -> EntityBatch:
    hidden: dict[str, Any] = {"password": None, "connection_options": None}
    devices: tuple[NewDevice, ...] = tuple(one.model_copy(update=hidden) for one in batch.devices)
    groups: tuple[NewGroup, ...] = tuple(one.model_copy(update=hidden) for one in batch.groups)
    return replace(batch, devices=devices, groups=groups)


@dataclass(frozen=True, kw_only=True)
class _Listing:
    items: Sequence[Any]
    table: Table
    more: bool


def _listing(connection: Connection, kind: Kind, query: str, sort: str, limit: int) -> _Listing:
    store, entity = EntityStore(), EntityType(kind.value)
    found = page(connection, entity, query=query, sort=sort, limit=limit)
    order = {id_: at for at, id_ in enumerate(found.ids)}
    items: list[Any]
    if entity is EntityType.DEVICE:
        items = store.devices(connection, found.ids, configurations=False)
        items.sort(key=lambda one: order[one.id])
        table = devices_table(items)
    elif entity is EntityType.GROUP:
        items = sorted(store.device_groups(connection, found.ids), key=lambda one: order[one.id])
        table = groups_table(items)
    else:
        items = sorted(store.interfaces(connection, found.ids), key=lambda one: order[one.id])
        owners = store.devices(
            connection,
            {port.device.id for port in items if port.device and port.device.id},
            configurations=False,
        )
        table = interfaces_table(items, {device.id: device.name for device in owners})
    return _Listing(items=items, table=table, more=found.cursor is not None)
