"""eAPI: JSON-RPC over HTTP, each request a session of its own (Arista Command API, EOS User Manual 4.31)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from aiohttp import web

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.faults import Dropped, suffer
from neops.testing.simulator.replies import Reply
from neops.testing.simulator.shell import Shell
from neops.testing.simulator.spec import FaultKind

PATH = "/command-api"
INVALID, UNCONVERTED = 1002, 1003
"""Codes of a command that is not known, and of one that has no JSON."""

Format: TypeAlias = Literal["json", "text"]

Typed: TypeAlias = tuple[str, str]
"""A command, and what answers the question that it may ask."""


class CommandFailed(Exception):
    """A command was refused; the ones after it are not tried."""

    def __init__(self, code: int, why: str, text: str) -> None:
        super().__init__(why)
        self.code, self.why, self.text = code, why, text


class CommandApi:
    """What one request does: its commands one after the other in one session, from the unprivileged mode on."""

    def __init__(self, device: DeviceState, format_: Format) -> None:
        self._device, self._format = device, format_
        self._shell = Shell(device, unprivileged=True)

    async def run(self, commands: Sequence[Typed]) -> dict[str, Any]:
        """The result of all commands, or the error of the first that fails."""
        results: list[dict[str, Any]] = []
        try:
            for number, (line, typed) in enumerate(commands, 1):
                try:
                    results.append(await self._result(line, typed))
                except CommandFailed as failed:
                    place = f"CLI command {number} of {len(commands)} '{line}' failed: {failed.why}"
                    data = [*results, {"errors": [failed.text]}]
                    return {"error": {"code": failed.code, "message": place, "data": data}}
        finally:
            self._shell.close()
        return {"result": results}

    async def _result(self, line: str, typed: str) -> dict[str, Any]:
        wants_json = self._format == "json" and self._shell.only_prints(line)
        reply = Reply()

        def answer() -> str:
            nonlocal reply
            reply = self._shell.enter(f"{line} | json" if wants_json else line)
            for one in (*typed.splitlines(), "EOF") if self._shell.reads_text else (typed,):
                if self._shell.asks:
                    reply = self._shell.enter(one)
            return reply.text

        text = await suffer(self._device, line, answer)
        if reply.reboots:
            self._device.reboot()  # which cuts this connection
        if text is None:
            await asyncio.Event().wait()
        if self._shell.asks:
            raise CommandFailed(INVALID, "could not run command", "Bad secret")
        if reply.failed and wants_json:
            raise CommandFailed(UNCONVERTED, "unconverted command", "This is an unconverted command")
        if reply.failed or reply.text.startswith("% "):
            raise CommandFailed(INVALID, "invalid command", reply.text.strip())
        if self._format == "text":
            return {"output": f"{text}\n" if text else ""}
        return dict(json.loads(text or "")) if wants_json else {}


def _spelled_out(command: str | Mapping[str, Any]) -> Typed:
    """Commands are texts or, with an answer, `{"cmd": "enable", "input": "secret"}`."""
    if isinstance(command, str):
        return command, ""
    return str(command["cmd"]), str(command.get("input", ""))


def http_server(device_at: Callable[[int], DeviceState]) -> web.Server:
    """The HTTP server behind all devices' eAPI ports; `device_at` finds the device that listens on a port."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        device = device_at(request.transport.get_extra_info("sockname")[1])
        device.reboot_if_due()
        cut = request.transport.abort
        device.hang_up.add(cut)
        try:
            return await _answered(request, device)
        finally:
            device.hang_up.discard(cut)

    return web.Server(handle, handler_cancellation=True, access_log=None)


async def _answered(request: web.BaseRequest, device: DeviceState) -> web.StreamResponse:
    if (request.method, request.path) != ("POST", PATH):
        return web.Response(status=404, text="Not found")
    if not _let_in(request, device):
        return web.Response(
            status=401, text="Unable to authenticate user: Bad username/password combination",
            headers={"WWW-Authenticate": 'Basic realm="COMMAND_API_AUTH"'},
        )  # fmt: skip
    if device.struck_by(FaultKind.HANG_AFTER_LOGIN):
        await asyncio.Event().wait()
    try:
        call = json.loads(await request.read())
        commands = [_spelled_out(command) for command in call["params"]["cmds"]]
        format_ = call["params"].get("format", "json")
    except (ValueError, KeyError, TypeError):
        return web.json_response({"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid request"}})
    try:
        answer = await CommandApi(device, "text" if format_ == "text" else "json").run(commands)
    except Dropped as dropped:
        return await _cut_off(request, dropped.half)
    except json.JSONDecodeError as damaged:  # by a fault of the device
        return web.Response(text=damaged.doc, content_type="application/json")
    return web.json_response({"jsonrpc": "2.0", "id": call.get("id"), **answer})


def _let_in(request: web.BaseRequest, device: DeviceState) -> bool:
    """Whether the request has the device's user and password; every request is a login, as for an AAA server."""
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(coded).decode() if kind == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        given = ""
    refused = device.struck_by(FaultKind.REJECT_PASSWORD)
    good = not refused and given == f"{device.spec.username}:{device.spec.password}"
    if good:
        device.evidence.logins += 1
    else:
        device.evidence.failed_logins += 1
    return good


async def _cut_off(request: web.BaseRequest, half: str) -> web.StreamResponse:
    """Send half of an answer, then cut the connection."""
    response = web.StreamResponse()
    response.content_length = 2 * len(half) + 2
    await response.prepare(request)
    await response.write(half.encode())
    assert request.transport is not None
    request.transport.abort()
    return response
