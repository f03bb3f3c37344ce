"""`neops plugins`: what can reach devices and knows credentials for them, and what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Plugins: what serves which platform, and what knows credentials.")


@app.command("matrix")
def matrix(
    platform: Annotated[list[str] | None, typer.Option(help="Only this platform; may be given again.")] = None,
    capability: Annotated[list[str] | None, typer.Option(help="Only this capability; may be given again.")] = None,
    all_: Annotated[bool, typer.Option("--all", "-a", help="Also platforms that can only be sent commands.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of the table, of all platforms.")
    ] = False,
) -> None:
    """Show which plugin would answer for each capability of each platform, and why nobody does in empty cells."""
    from neops.cli.matrix import print_matrix

    print_matrix(platform or (), capability or (), all_platforms=all_, as_json=as_json)


@app.command("list")
def list_plugins(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every platform.")] = False,
) -> None:
    """Show installed plugins, best first, and credential providers, what each serves, and what is missing."""
    from neops.cli.plugins import print_plugins

    print_plugins(as_json=as_json, verbose=verbose)
