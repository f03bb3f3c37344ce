"""`neops engine` and `neops worker`: the same parts as processes of their own."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neops.blocks import BlockRegistry, discover
from neops.cli.exits import ExitCode
from neops.cli.reaching import device_settings
from neops.cli.secrets import command_redactor
from neops.devices import DeviceRuntime, credential_providers
from neops.errors import NeopsError, UsageError
from neops.logs import LogFormat, Redactor, configure_logging
from neops.settings import EngineSettings, WorkerSettings, read_environment
from neops.worker import WorkerRuntime, on_signals, on_standing_signal
from neops.worker.execution import tell_nobody

if TYPE_CHECKING:
    from neops.devices.transcript import Recorder

logger = logging.getLogger(__name__)

LogFormatOption = Annotated[LogFormat, typer.Option("--log-format", help="Log lines for people, or JSON lines.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log what helps in debugging.")]


class BlocksBroken(NeopsError):
    """Function blocks that a strict worker shall offer cannot be loaded; the log has the tracebacks."""

    def __init__(self, sources: str) -> None:
        super().__init__(f"function blocks cannot be loaded: {sources} (without --strict they would be left out)")


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
    _configure(log_format, verbose=verbose)
    flags: Mapping[str, Any] = {"host": host, "port": port, "database": database, "auth": auth}
    settings = EngineSettings.load(read_environment(os.environ), flags)
    asyncio.run(_serve(settings))


async def _serve(settings: EngineSettings) -> None:
    from neops.engine.app import Engine  # a worker must not carry it

    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with Engine.open(settings) as serving:
        url = await serving.serve()
        gc.freeze()  # what is imported now stays: looking through it again held an answer back for 50 ms
        typer.echo(f"neops engine listens on {url} (API: {url}/docs)")
        await stopping.wait()
        logger.info("the engine stops")


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
    redactor = _configure(log_format, verbose=verbose)
    environment = read_environment(os.environ)
    flags: Mapping[str, Any] = {
        "engine_url": url,
        "blocks": tuple(blocks) if blocks else None,
        "name": name,
        "concurrency": concurrency,
        "strict": strict,
        "metrics_port": metrics_port,
    }
    raise typer.Exit(_work(WorkerSettings.load(environment, flags), environment, redactor))


def _work(settings: WorkerSettings, environment: Mapping[str, str], redactor: Redactor) -> ExitCode:
    registry, reaching = _offered(settings), device_settings(environment)
    providers = credential_providers(environment, reaching.credentials)
    with (
        _recorder(settings.record_dir, redactor) as recorder,
        DeviceRuntime(reaching, credentials=providers, redactor=redactor, observer=recorder) as devices,
    ):
        running = WorkerRuntime(
            settings,
            registry,
            devices,
            redactor=redactor,
            abort_devices=lambda job: devices.abort(job=job),
            job_ended=tell_nobody if recorder is None else recorder.end,
            device_statistics=devices.statistics,
            login_statistics=devices.login_statistics,
        )
        with on_signals(running.shutdown), on_standing_signal(running.tell_standing):
            code = asyncio.run(running.run())
    return ExitCode.OK if code == 0 else ExitCode.FAILED


def _offered(settings: WorkerSettings) -> BlockRegistry:
    found = discover(settings.blocks)
    if settings.strict and found.broken:
        raise BlocksBroken(", ".join(broken.source for broken in found.broken))
    if not found.registry:
        raise UsageError("no function block was found: name a folder with --blocks or DIR_FUNCTION_BLOCKS")
    return found.registry


@contextmanager
def _recorder(folder: Path | None, redactor: Redactor) -> Iterator[Recorder | None]:
    if folder is None:
        yield None
        return
    from neops.devices.transcript import Recorder  # a worker that records nothing must not carry it

    with Recorder.per_job(folder, redactor=redactor) as recorder:
        yield recorder


def _configure(log_format: LogFormat, *, verbose: bool) -> Redactor:
    redactor = command_redactor()
    configure_logging(logging.DEBUG if verbose else logging.INFO, format=log_format, redactor=redactor)
    return redactor
