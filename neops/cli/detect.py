"""Finding out which platform devices have, as `neops detect` does."""

from __future__ import annotations

import asyncio
import getpass
import json
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from neops.cli.exits import ExitCode
from neops.cli.hosts import named_devices
from neops.cli.progress import Reporter
from neops.cli.reaching import device_settings
from neops.cli.secrets import command_redactor
from neops.concurrency import run_parallel
from neops.devices import DeviceRuntime, credential_providers
from neops.devices.detection import Detection, UnknownDevice, detect, guess
from neops.devices.options import DeviceOptions
from neops.entities import Device
from neops.errors import AuthenticationFailed, DeviceError, Unreachable, UsageError
from neops.logs import Redactor, configure_logging
from neops.settings import DeviceSettings, read_environment

if TYPE_CHECKING:
    from neops.protocol import JsonObject

WITHIN_S: Final = 60.0
GUESS_WITHIN_S: Final = 5.0
SSH_PORT: Final = 22
USERNAME, PASSWORD = "NEOPS_USERNAME", "NEOPS_PASSWORD"  # what the provider `environment` reads


_LEVELS: Final = (logging.CRITICAL + 1, logging.INFO, logging.DEBUG)
"""What goes wrong is in the table; a log between its lines says it twice."""

_WORD, _SHOWN = re.compile(r"[A-Za-z]{2}"), 60

_NAMELESS: Final = frozenset({"inventory", "environment"})
"""Providers that know no user for a host that stands on the command line."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One device, and what was found or why nobody could look."""

    device: Device
    outcome: Detection | DeviceError

    @property
    def platform(self) -> str | None:
        return self.outcome.platform if isinstance(self.outcome, Detection) else None


Look = Callable[[Device], Awaitable[Detection]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which devices to look at, and how; without a `timeout_s` each gets what is usual."""

    hosts: Sequence[str]
    inventory: str | None
    limit: str
    username: str | None
    no_login: bool
    timeout_s: float | None


def detect_platforms(asked: Asked, *, as_json: bool, verbose: int) -> ExitCode:
    """Look at all of them and print what was found."""
    redactor = command_redactor()
    configure_logging(_LEVELS[min(verbose, 2)], redactor=redactor)
    looked = _look(asked, redactor)
    if as_json:
        typer.echo(redactor.redact(json.dumps([_as_json(one) for one in looked], indent=2, ensure_ascii=False)))
    else:
        _print(Console(), looked, no_login=asked.no_login)
    return ExitCode.OK if all(one.platform for one in looked) else ExitCode.FAILED


def _look(asked: Asked, redactor: Redactor) -> list[Looked]:
    environment, user = read_environment(os.environ), asked.username
    settings = device_settings(environment)
    known = asked.no_login or user or environment.get(USERNAME) or set(settings.credentials) - _NAMELESS
    if asked.hosts and not known:
        raise UsageError(f"who logs in? --username or {USERNAME}; or guess with --no-login")
    devices, at_once = _devices(asked, settings), settings.concurrent_logins
    if asked.no_login:
        return asyncio.run(_look_at_all(devices, _guess(asked.timeout_s or GUESS_WITHIN_S), at_once))
    ask = getpass.getpass if sys.stdin.isatty() else None
    providers = credential_providers(with_credentials(environment, user, ask), settings.credentials)
    with DeviceRuntime(settings, credentials=providers, redactor=redactor) as runtime:
        return asyncio.run(_look_at_all(devices, _detect(runtime, asked.timeout_s or WITHIN_S), at_once))


def _devices(asked: Asked, settings: DeviceSettings) -> list[Device]:
    if not asked.hosts and asked.inventory is None:
        raise UsageError("name hosts, or an inventory with --inventory")
    listed = [] if asked.inventory is None else _listed(asked.inventory, asked.limit)
    return [*named_devices(asked.hosts), *(device for device in listed if _is_unknown(device, settings))]


def _listed(inventory: str, limit: str) -> list[Device]:
    from neops.cli.inventory import read_inventory
    from neops.cli.targets import inventory_devices  # brings a CMS, which hosts by name need not

    return inventory_devices(read_inventory(inventory), limit)


def _is_unknown(device: Device, settings: DeviceSettings) -> bool:
    try:
        return DeviceOptions.read(device, settings).platform is None
    except DeviceError:
        return True  # the table says what is wrong with it, and the others are looked at


def with_credentials(
    environment: Mapping[str, str], username: str | None, ask: Callable[[str], str] | None
) -> Mapping[str, str]:
    """The environment with the user that was named, and the password: asked for, unless it is known or nobody is there.

    An empty answer leaves the password out: a key or an agent may do.
    """
    user = username or environment.get(USERNAME)
    if user is None:
        return environment
    known = {**environment, USERNAME: user}
    if not environment.get(PASSWORD) and ask is not None:
        known[PASSWORD] = ask(f"Password of {user} (empty: keys): ")
    return known


def _detect(runtime: DeviceRuntime, within_s: float) -> Look:
    return lambda device: detect(device, lambda one: runtime.connect(one, UnknownDevice), within_s=within_s)


def _guess(within_s: float) -> Look:
    return lambda device: guess(device.name, device.ip or device.name, device.port or SSH_PORT, within_s=within_s)


async def _look_at_all(devices: Sequence[Device], look: Look, limit: int) -> list[Looked]:
    done = 0
    with Reporter() as report:

        async def look_at(device: Device) -> Looked:
            nonlocal done
            try:
                looked = Looked(device=device, outcome=await look(device))
            except DeviceError as error:
                looked = Looked(device=device, outcome=error)
            done += 1
            report("devices", done, len(devices))
            return looked

        return await run_parallel(look_at, devices, limit=limit)


def _print(console: Console, looked: Sequence[Looked], *, no_login: bool) -> None:
    if not looked:
        console.print("nothing to do: every device has a platform")
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("host", "platform", "score", "evidence", "next"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "score" else "left")
    for one in looked:
        table.add_row(*_row(one, no_login=no_login))
    console.print(table)
    console.print(_closing(looked), highlight=False)


def _row(one: Looked, *, no_login: bool) -> tuple[str | Text, ...]:
    name, outcome = escape(one.device.name), one.outcome
    if isinstance(outcome, DeviceError):
        failure, advice = _failure(outcome)
        return name, Text(failure, style="red"), "", escape(outcome.message), advice
    score, evidence = f"{outcome.score:.0%}" if outcome.candidates else "", escape(_evidence(outcome))
    if outcome.platform:
        return name, Text(outcome.platform, style="green"), score, evidence, f"platform: {outcome.platform}"
    likely = f"{outcome.candidates[0].platform}?" if outcome.candidates else "not known"
    advice = "log in to be sure" if no_login else outcome.problem or "set the platform by hand"
    return name, Text(likely, style="yellow"), score, evidence, escape(advice)


def _evidence(found: Detection) -> str:
    """What speaks for the first candidate; else what was seen, a line of each source."""
    if found.candidates:
        return found.candidates[0].reasons[0]
    return "; ".join(f"{one.source}: {_telling(one.text)}" for one in found.evidence) or "nothing was said"


def _telling(text: str) -> str:
    """The first line with a word in it."""
    return next((line.strip()[:_SHOWN] for line in text.splitlines() if _WORD.search(line)), text.strip()[:_SHOWN])


def _failure(error: DeviceError) -> tuple[str, str]:
    """What went wrong in two words, and what to do next."""
    match error:
        case Unreachable():
            return "unreachable", "check address and port"
        case AuthenticationFailed():
            return "login refused", "check user and password, or guess with --no-login"
        case _:
            return "failed", ""


def _closing(looked: Sequence[Looked]) -> str:
    found = sum(one.platform is not None for one in looked)
    failed = sum(isinstance(one.outcome, DeviceError) for one in looked)
    counts = {"found": found, "not known": len(looked) - found - failed, "failed": failed}
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _as_json(one: Looked) -> JsonObject:
    where: JsonObject = {"device": one.device.name, "host": one.device.ip, "port": one.device.port}
    if isinstance(one.outcome, DeviceError):
        error: JsonObject = {"type": type(one.outcome).__name__, "message": one.outcome.message}
        return {**where, "platform": None, "error": error}
    return {**where, **one.outcome.model_dump(mode="json"), "error": None}
