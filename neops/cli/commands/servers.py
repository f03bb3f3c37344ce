"""`neops engine` and `neops worker`: the same parts as processes of their own."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from neops.cli.secrets import command_redactor
from neops.logs import LogFormat, Redactor, configure_logging

LogFormatOption = Annotated[LogFormat, typer.Option("--log-format", help="Log lines for people, or JSON lines.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log what helps in debugging.")]


def engine(
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [NEOPS_HOST, 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.  [NEOPS_PORT, 3030]")] = None,
    database: Annotated[
        str | None, typer.Option(help="Where everything is kept.  [NEOPS_DATABASE, sqlite:///neops.db]")
    ] = None,
    auth: Annotated[bool | None, typer.Option("--auth/--no-auth", help="Ask clients for a token.")] = None,
    log_format: LogFormatOption = "console",
    verbose: VerboseOption = False,
) -> None:
    """Run the workflow engine: it serves the HTTP API and keeps everything in its database."""
    from neops.cli.engine import serve

    _configure(log_format, verbose=verbose)
    serve(os.environ, {"host": host, "port": port, "database": database, "auth": auth})


def worker(
    url: Annotated[str | None, typer.Option(help="The engine's URL.  [URL_BLACKBOARD, http://127.0.0.1:3030]")] = None,
    blocks: Annotated[
        list[Path] | None, typer.Option(help="Folder with function blocks, may be repeated.  [DIR_FUNCTION_BLOCKS]")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name in the engine's list of workers.  [WORKER_NAME]")] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Jobs that run at the same time.  [WORKER_CONCURRENCY, 1]")
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option("--strict", help="Do not start when a file with function blocks is broken.  [NEOPS_STRICT]"),
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Port of /healthz, /readyz and /metrics.  [NEOPS_METRICS_PORT]")
    ] = None,
    log_format: LogFormatOption = "console",
    verbose: VerboseOption = False,
) -> None:
    """Run a worker: it offers the blocks it finds and runs the engine's jobs."""
    from neops.cli.worker import work

    redactor = _configure(log_format, verbose=verbose)
    flags = {
        "engine_url": url,
        "blocks": tuple(blocks) if blocks else None,
        "name": name,
        "concurrency": concurrency,
        "strict": strict,
        "metrics_port": metrics_port,
    }
    raise typer.Exit(work(os.environ, flags, redactor))


def _configure(log_format: LogFormat, *, verbose: bool) -> Redactor:
    redactor = command_redactor()
    configure_logging(logging.DEBUG if verbose else logging.INFO, format=log_format, redactor=redactor)
    return redactor
