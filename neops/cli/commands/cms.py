"""`neops cms`: inventories in and out, and a look at what the CMS knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neops.cli.cms_port import HISTORY_MAX, Kind, Place

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
    from neops.cli.cms import bring_inventory
    from neops.cli.cms_import import Import

    wanted = Import(source=source, full=full, prune=prune, dry_run=dry_run, changes=dry_run or as_json)
    bring_inventory(Place(url=url, database=database), wanted, as_json=as_json)


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
    from neops.cli.cms import export_inventory

    export_inventory(Place(url=url, database=database), form, target, query=query, credentials=credentials)


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
    from neops.cli.cms import show_list

    show_list(Place(url=url, database=database), kind, query=query, sort=sort, limit=limit, as_json=as_json)


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
    from neops.cli.cms import show_entity

    show_entity(Place(url=url, database=database), kind, name, device=device, as_json=as_json)


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
    from neops.cli.cms import show_history

    show_history(Place(url=url, database=database), kind, name, limit=limit, as_json=as_json)


@app.command("diff")
def diff(
    run: Annotated[str, typer.Option(help="Id of the run.")],
    url: UrlOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run changed in the CMS."""
    from neops.cli.cms import show_changes_of_run

    show_changes_of_run(Place(url=url, database=database), run, as_json=as_json)
