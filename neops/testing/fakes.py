"""A connection plugin that answers from a script."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import TypeAdapter

from neops.devices import (
    CAPABILITIES,
    ArpEntry,
    BgpInstance,
    CommandOutput,
    Configs,
    ConfirmStrength,
    ConnectionOptions,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Parse,
    ReadsConfig,
    Reboot,
    RemoteFile,
    Route,
    RunsCommands,
    Session,
    TransfersFiles,
    Vlan,
    WritesConfig,
)
from neops.devices.capabilities import methods_of
from neops.devices.changes import ChangePlan, ConfigSession, StagedChange
from neops.devices.every_platform import EveryPlatform
from neops.devices.parsing import CommandSession
from neops.entities import Device
from neops.errors import NeopsError, SessionLost
from neops.testing.fake_config import ConfigState, FakeConfig
from neops.testing.fake_files import FakeFiles

Script = Mapping[str, Any]
"""What a device answers: a command or a method's name → a reply.

A reply to a command is its output as text, what the parsed output shall be (a list or a dict), or a CommandOutput; to
a method, what it returns, or that as a dict. An exception is raised, `Slow` waits, `InTurn` changes from call to call,
a function is called with the operation's arguments. `"open"` scripts the login. `"change"` is the configuration at the
start, as text or a FakeConfig: changes are made to it, and `get_config` shows it. `"files"` are its files, name →
bytes: TransfersFiles works on them. `"send_interactive"` may be the output as text, `"reboot"` just `{}`.
"""


class NotScripted(NeopsError):
    """A fake device was asked for something that its script does not have."""

    retryable = False

    def __init__(self, device: str, asked: str, scripted: Iterable[str]) -> None:
        known = ", ".join(sorted(scripted)) or "nothing"
        super().__init__(f"{device}: no reply is scripted for {asked!r}; scripted: {known}")
        self.device, self.asked = device, asked


@dataclass(frozen=True)
class Slow:
    """A reply that takes `after_s` seconds; aborting the session ends the wait."""

    reply: Any
    after_s: float


class InTurn:
    """One reply after the other, call by call; the last one stays. Each FakePlugin begins with the first."""

    def __init__(self, first: Any, *others: Any) -> None:
        self.replies = (first, *others)


@dataclass(frozen=True)
class Call:
    """What was asked of a device: `open`, or a capability's method with its arguments."""

    device: str
    method: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


class FakePlugin:
    """A connection plugin without a library, a network or a device, run by the real device runtime.

    ```python
    plugin = FakePlugin(replies={"get_facts": {"os_version": "17.9"}, "show clock": Slow("12:00", after_s=2)})
    with DeviceRuntime(catalogue=PluginCatalogue.of(plugin)) as runtime: ...
    assert plugin.commands("r1") == ["show clock"]
    ```

    `replies` hold for every device, `devices` (host name → script) for one and before them. It has the capabilities
    that the scripts have replies for, on every platform unless `platform` names the only one; `capabilities` are
    those of yours among them, neops' own are known.

    Raises:
        TypeError: a script has a reply for a method that no capability has.
    """

    extra = "test"
    modules: tuple[str, ...] = ()

    def __init__(
        self,
        replies: Script | None = None,
        *,
        devices: Mapping[str, Script] | None = None,
        platform: str | None = None,
        name: str = "fake",
        priority: int = 1000,
        capabilities: Iterable[type] = (),
    ) -> None:
        self.name, self.priority = name, priority
        self.platforms: Mapping[str, str] = {platform: platform} if platform else EveryPlatform()
        self.calls: list[Call] = []
        self.known = (*capabilities, *CAPABILITIES)
        self._replies, self._devices = dict(replies or {}), dict(devices or {})
        for script in (self._replies, *self._devices.values()):
            _check(script, {method for capability in self.known for method in methods_of(capability)})
        self._turns: Counter[InTurn] = Counter()
        self._configs: dict[str, ConfigState] = {}
        self._files: dict[str, FakeFiles] = {}

    def capabilities(self, platform: str) -> frozenset[type]:  # noqa: ARG002  # the same on each
        scripted = {key for script in (self._replies, *self._devices.values()) for key in script} - {"open"}
        served = {capability for capability in self.known if scripted & methods_of(capability)}
        if "files" in scripted:
            served.add(TransfersFiles)
        methods = {method for capability in self.known for method in methods_of(capability)}
        if WritesConfig in served:
            served.add(ReadsConfig)
        return frozenset(served | ({RunsCommands} if scripted - methods - {"files"} else set()))

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        script = {**self._replies, **self._devices.get(device.name, {})}
        if "files" in script:
            files = self._files.setdefault(device.name, FakeFiles(device.name, script["files"]))
            script = {method: getattr(files, method) for method in methods_of(TransfersFiles)} | script
        if "change" not in script:
            return _FakeSession(self, device, options.platform, script)
        if device.name not in self._configs:
            given = script["change"]
            self._configs[device.name] = ConfigState(
                given if isinstance(given, FakeConfig) else FakeConfig(running=given)
            )
        return _ChangedSession(self, device, options.platform, script, self._configs[device.name])

    def config(self, device: str) -> str:
        """The configuration that changes have left on a device; KeyError before the first session that can."""
        return self._configs[device].running

    def files(self, device: str) -> Mapping[str, bytes]:
        """The files that a device has now; KeyError before its first session."""
        return self._files[device].contents

    def take_turn(self, replies: InTurn) -> Any:
        """The next of some replies."""
        self._turns[replies] += 1
        return replies.replies[min(self._turns[replies], len(replies.replies)) - 1]

    def commands(self, device: str | None = None) -> list[str]:
        """The commands that were sent, to one device or to all, in order."""
        sent = [call for call in self.calls if call.method == "send_command" and device in (None, call.device)]
        return [call.args[0] for call in sent]


def _check(script: Script, methods: Collection[str]) -> None:
    """A method that is misspelt would pass for a command."""
    for key in script:
        if key.isidentifier() and "_" in key and key not in methods:
            if near := get_close_matches(key, methods, n=1, cutoff=0.8):
                raise TypeError(f"no capability has a method {key}: did you mean {near[0]}?")
            if key.startswith("get_"):
                raise TypeError(f"no capability has a method {key}: name yours in `capabilities`")


class _FakeSession(CommandSession):
    """Commands go through the rejection rules and parsers of real sessions, methods are answered as scripted."""

    def __init__(self, plugin: FakePlugin, device: Device, platform: str, script: Script) -> None:
        super().__init__(device=device, platform=platform)
        self._plugin, self._script, self._output = plugin, script, ""
        self._record = plugin.calls.append
        self._aborted = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def open(self) -> None:
        self._record(Call(self.device.name, "open"))
        await self._settled(self._script.get("open"), (), {})

    async def close(self) -> None:
        return None

    def abort(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._aborted.set)

    async def alive(self) -> bool:
        return not self._aborted.is_set()

    async def send_command(self, command: str, *, parse: Parse | None = None) -> CommandOutput:
        self._record(Call(self.device.name, "send_command", (command,), {"parse": parse}))
        reply = await self._settled(self._reply_to(command, "send_command"), (command,), {})
        if isinstance(reply, CommandOutput):
            return reply
        if isinstance(reply, list | dict):
            text = json.dumps(reply)
            return CommandOutput(device=self.device.name, command=command, output=text, elapsed_s=0.0, parsed=reply)
        self._output = str(reply)
        return await super().send_command(command, parse=parse)

    async def exchange(self, command: str) -> str:  # noqa: ARG002
        return self._output

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("_") or not any(method in methods_of(capability) for capability in self._plugin.known):
            raise AttributeError(method)

        async def answer(*args: Any, **kwargs: Any) -> Any:
            self._record(Call(self.device.name, method, args, kwargs))
            reply = await self._settled(self._reply_to(method), args, kwargs)
            if method == "send_interactive" and isinstance(reply, str):
                return CommandOutput(device=self.device.name, command=args[0], output=reply, elapsed_s=0.0)
            return _result(method, reply, self.device)

        return answer

    def _reply_to(self, *keys: str) -> Any:
        for key in keys:
            if key in self._script:
                return self._script[key]
        raise NotScripted(self.device.name, keys[0], self._script)

    async def _settled(self, reply: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The reply itself, after waiting, taking turns, calling and raising."""
        match reply:
            case Slow():
                await self._wait(reply.after_s)
                return await self._settled(reply.reply, args, kwargs)
            case InTurn():
                return await self._settled(self._plugin.take_turn(reply), args, kwargs)
            case BaseException():
                raise reply
            case _ if callable(reply):
                return await self._settled(reply(*args, **kwargs), args, kwargs)
        return reply

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._aborted.wait(), seconds)
        except TimeoutError:
            return
        raise SessionLost(self.device.name, "the session was aborted")


class _ChangedSession(_FakeSession, ConfigSession):
    """Keeps its device's configuration; changes go through the transaction of the real runtime."""

    def __init__(self, plugin: FakePlugin, device: Device, platform: str, script: Script, config: ConfigState) -> None:
        super().__init__(plugin, device, platform, script)
        self._config = config

    async def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Configs:
        self._record(Call(self.device.name, "get_config", (retrieve,)))
        return Configs(running=self._config.running)

    async def prepare_change(self, plan: ChangePlan) -> StagedChange:
        self._record(Call(self.device.name, "change", (plan.config,), {"mode": plan.mode}))
        return self._config.staged(self.device.name, plan)

    async def commit_change(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        self._record(Call(self.device.name, "commit", (confirm_within,)))
        return self._config.commit(staged, confirm_within)

    async def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> None:  # noqa: ARG002
        self._record(Call(self.device.name, "confirm"))
        self._config.confirm()

    async def revert_change(self, staged: StagedChange) -> None:  # noqa: ARG002
        self._record(Call(self.device.name, "revert"))
        self._config.revert()

    async def discard_change(self, plan: ChangePlan) -> None:  # noqa: ARG002
        self._record(Call(self.device.name, "discard"))


_RESULTS: Mapping[str, TypeAdapter[Any]] = {
    "get_facts": TypeAdapter(Facts),
    "get_interfaces": TypeAdapter(dict[str, InterfaceDetails]),
    "get_interfaces_ip": TypeAdapter(dict[str, InterfaceAddresses]),
    "get_lldp_neighbors": TypeAdapter(dict[str, list[LldpNeighbor]]),
    "get_arp_table": TypeAdapter(list[ArpEntry]),
    "get_mac_address_table": TypeAdapter(list[MacEntry]),
    "get_vlans": TypeAdapter(dict[str, Vlan]),
    "get_bgp_neighbors": TypeAdapter(dict[str, BgpInstance]),
    "get_route_to": TypeAdapter(dict[str, list[Route]]),
    "get_config": TypeAdapter(Configs),
    "list_files": TypeAdapter(list[RemoteFile]),
    "reboot": TypeAdapter(Reboot),
}


def _result(method: str, reply: Any, device: Device) -> Any:
    if method == "get_facts" and isinstance(reply, dict):
        unknown = {"hostname": device.name, "vendor": "", "model": "", "serial_number": "", "os_version": ""}
        reply = unknown | reply
    if method == "reboot" and isinstance(reply, dict):
        reply = {"device": device.name, "back": True, "took_s": 0.0} | reply
    if method == "get_config" and isinstance(reply, str):
        reply = {"running": reply}
    return _RESULTS[method].validate_python(reply) if method in _RESULTS else reply
