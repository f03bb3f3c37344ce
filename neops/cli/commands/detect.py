"""`neops detect`: which platform devices have."""

from __future__ import annotations

from typing import Annotated

import typer


def detect(
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="HOST", help="Address or name, with :port where it is not 22.")
    ] = None,
    inventory: Annotated[str | None, typer.Option(help="Also its devices that have no platform.")] = None,
    limit: Annotated[str, typer.Option(help="Of the inventory only what this query finds.")] = "",
    username: Annotated[str | None, typer.Option(help="Who logs in; the password is asked, or NEOPS_PASSWORD.")] = None,
    no_login: Annotated[bool, typer.Option("--no-login", help="Guess from what a server says to anybody.")] = False,
    timeout: Annotated[float | None, typer.Option(min=0.1, help="Seconds for one device: 60; 5 without login.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, with all that was seen.")] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; twice for debugging.")] = 0,
) -> None:
    """Find out which platform devices have: one login, a few commands that only read, and nothing is changed."""
    from neops.cli.detect import Asked, detect_platforms

    asked = Asked(
        hosts=hosts or (),
        inventory=inventory,
        limit=limit,
        username=username,
        no_login=no_login,
        timeout_s=timeout,
    )
    raise typer.Exit(detect_platforms(asked, as_json=as_json, verbose=verbose))
