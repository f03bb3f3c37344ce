"""`neops`: the commands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from neops._version import __version__
from neops.cli.commands import Commands
from neops.cli.exits import ExitCode
from neops.cli.secrets import redacting
from neops.concurrency.collecting import collect_rarely
from neops.errors import NeopsError, UsageError

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Write a network function block once, run it on any vendor's devices.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"neops {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point. Exit codes: 0 all well, 1 something failed, 2 wrong usage, 130 interrupted."""
    collect_rarely()
    atexit.register(gc.freeze)  # else a process that ends looks through all it imported: 0.1 to 0.5 s
    with redacting() as redactor:
        try:
            app()
        except UsageError as problem:
            _end(redactor.redact(str(problem)), ExitCode.USAGE)
        except NeopsError as problem:
            _end(redactor.redact(str(problem)), ExitCode.FAILED)
        except KeyboardInterrupt:
            _end("interrupted", ExitCode.INTERRUPTED)
        except Exception:  # noqa: BLE001  # a mistake of ours: its traceback must not show what the log does not
            typer.echo(redactor.redact(traceback.format_exc()), err=True, nl=False)
            sys.exit(ExitCode.FAILED)


def _end(reason: str, code: ExitCode) -> NoReturn:
    typer.echo(f"neops: {reason}", err=True)
    sys.exit(code)
