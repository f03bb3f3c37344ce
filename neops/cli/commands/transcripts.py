"""`neops transcript`: what is in a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Recordings: what devices were asked and what they answered.")


@app.callback()
def _group() -> None:
    """Keep `show` a subcommand although it is the only one."""


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="The recording.", show_default=False)],
    device: Annotated[str | None, typer.Option(help="Only what this device was asked.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what devices printed, and answers.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Show what was asked, in order, with its place in the recording of its device."""
    from neops.cli.transcripts import show_transcript

    show_transcript(file, device=device, as_json=as_json, verbose=verbose)
