"""One simulated device while it runs: its configuration, evidence and fault, and what its outputs are made of."""

from __future__ import annotations

import ipaddress
import itertools
import math
import re
from collections import ChainMap, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

from neops.testing.simulator.commands import CommandTable
from neops.testing.simulator.configuration import Datastore, flatten
from neops.testing.simulator.dialects import Dialect, dialect_of
from neops.testing.simulator.platform import Asked, Command, Platform
from neops.testing.simulator.spec import Face, Facts, FaultKind, Interface, SimulatedDevice, derived_serial
from neops.testing.simulator.storage import Storage
from neops.testing.simulator.template import Deferred, Scope, render
from neops.testing.simulator.variables import lasting_values, passing_values

COMMANDS_KEPT = 10_000  # a benchmark asks one device often; the evidence must not grow without end


@dataclass(kw_only=True)
class Evidence:
    """What clients did to the device."""

    logins: int = 0
    failed_logins: int = 0
    sessions: int = 0
    """Open now: SSH connections that are logged in."""
    forwarded: int = 0
    """Connections that a jump host has made for clients."""
    commands: deque[str] = field(default_factory=lambda: deque(maxlen=COMMANDS_KEPT))


class PlatformRuntime:
    """A platform made ready to run, shared by all its devices."""

    def __init__(self, platform: Platform) -> None:
        self.data = platform
        self.commands = CommandTable(platform.commands, abbreviations=platform.abbreviations)
        self.reflect: dict[str, re.Pattern[str]] = {
            name: re.compile(pattern) for name, pattern in platform.reflect.items()
        }
        self.dialect: Dialect | None = None
        self.configuration_commands = CommandTable({}, abbreviations=True)
        if platform.configuration:
            self.dialect = dialect_of(platform)
            self.configuration_commands = CommandTable(
                platform.configuration.commands, abbreviations=platform.abbreviations
            )


class DeviceState:
    """The device behind all its sessions. Not thread-safe: it lives in the network's event loop."""

    def __init__(
        self,
        spec: SimulatedDevice,
        platform: PlatformRuntime,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.spec = spec
        self.platform = platform
        self.evidence = Evidence()
        self.netconf_ids = itertools.count(1)
        self.fault = spec.fault
        self.latency_s = spec.latency_s
        self.hang_up: set[Callable[[], None]] = set()
        """Cuts each of the connections to the device."""
        self.when_rebooted: list[Callable[[], None]] = []
        self.reboots_at: float | None = None
        """When a scheduled reboot is due, on the device's clock."""
        self._clock, self._now = clock, now
        self._started = clock()
        self.facts = _with_defaults(spec, platform.data)
        self.saved_by = spec.saved_by or self.facts.version
        self._reflected: tuple[int, _Reflected] | None = None
        self._lasted: tuple[_Reflected, dict[str, Any]] | None = None
        self.answers = CommandTable(
            {pattern: Command(say=text) for pattern, text in spec.answers.items()},
            abbreviations=platform.data.abbreviations,
        )

    @cached_property
    def datastore(self) -> Datastore:
        """Made on first use, so that thousands of devices start at once."""
        if self.platform.dialect is None:
            return Datastore(running_now={}, clock=self._clock)
        text = self.spec.running_config or render(self.platform.data.running_config, self._first_values())
        configuration = self.platform.data.configuration
        lasting = configuration is not None and configuration.lasting
        return Datastore(running_now=self.platform.dialect.parse(text), lasting=lasting, clock=self._clock)

    @cached_property
    def storage(self) -> Storage | None:
        """The device's files; None for a platform that has none."""
        data = self.platform.data.files
        spec = self.spec
        return Storage(data, spec.files, now=self._now, size_bytes=spec.storage_bytes) if data else None

    def save(self) -> None:
        """Keep what runs over a reboot."""
        self.datastore.save()
        self.saved_by = self.facts.version

    def schedule_reboot(self, in_s: float) -> None:
        self.reboots_at = self._clock() + in_s

    def reboot(self) -> None:
        """Cut all connections and start from the saved configuration; files stay."""
        self.reboots_at = None
        self.datastore.restart()
        self._started = self._clock()
        self.facts = replace(self.facts, uptime_s=0)
        for told in self.when_rebooted:
            told()
        for cut in list(self.hang_up):
            cut()

    def reboot_if_due(self) -> None:
        """Do a scheduled reboot: that is decided when somebody looks, so that no timer has to run."""
        if self.reboots_at is not None and self._clock() >= self.reboots_at:
            self.reboot()

    def turns_away(self, protocol: str) -> str | None:
        """What clients are told that want to transfer files over `scp` or `sftp`; None: they are let in."""
        data = self.platform.data.files
        if data is None or protocol not in data.serves:
            return f"{protocol}: not found"
        return data.refused if data.needs and data.needs not in flatten(self.datastore.running) else None

    @property
    def faces(self) -> frozenset[Face]:
        """The protocols that it speaks."""
        known = self.platform.data.faces
        return known if self.spec.faces is None else known & self.spec.faces

    def spares(self, asked: Asked) -> bool:
        """Whether it does not ask this question now."""
        asks = {"": True, "unsaved": self.datastore.unsaved, "upgraded": self.saved_by != self.facts.version}
        return not asks[asked.only] or (bool(asked.unless) and asked.unless in self.datastore.running)

    def struck_by(self, kind: FaultKind, command: str = "") -> bool:
        """Whether the device has this fault now for this command; counts the strike."""
        fault = self.fault
        if fault is None or fault.kind is not kind or not re.search(fault.command, command):
            return False
        if fault.times is not None:
            self.fault = replace(fault, times=fault.times - 1) if fault.times > 1 else None
        return True

    @property
    def hostname(self) -> str:
        return self._reflection().hostname or self.spec.name

    def section(self, header: str) -> str:
        """The part of the running configuration that is named by a first line, or by a path of words."""
        assert self.platform.dialect is not None
        return self.platform.dialect.render(self.platform.dialect.part(self.datastore.running, header))

    def marks(self, *, changed: bool) -> str:
        """What prompts show of the configuration's state: `*` for changes not committed, `+` for not saved."""
        marks = self.platform.data.marks
        unsaved = marks.get("unsaved", "")
        shown = unsaved if unsaved and self.datastore.unsaved else ""
        shown += marks.get("changed" if changed else "unchanged", "")
        return shown + marks.get("after", "") if shown else ""

    def scope(self) -> Scope:
        """The values for templates: facts as the running configuration changes them, and the configuration itself."""
        configured = Deferred(self._configuration_scope())
        return ChainMap(configured, self._passing(self.facts), self._lasting())  # type: ignore[arg-type]  # read only

    def _first_values(self) -> Scope:
        """The values before there is a configuration."""
        return ChainMap(self._passing(self.facts), lasting_values(self.spec, self.facts, self.platform.data))

    def _reflection(self) -> _Reflected:
        running = self.datastore.running
        if self._reflected is None or self._reflected[0] != self.datastore.revision:
            self._reflected = (self.datastore.revision, _Reflected(list(flatten(running)), self.platform.reflect))
        return self._reflected[1]

    def _lasting(self) -> dict[str, Any]:
        """The values that change with the running configuration only."""
        reflected = self._reflection()
        if self._lasted is None or self._lasted[0] is not reflected:
            facts = replace(self.facts, interfaces=tuple(reflected.interfaces(self.facts.interfaces)))
            self._lasted = (reflected, lasting_values(self.spec, facts, self.platform.data))
        return self._lasted[1]

    def _passing(self, facts: Facts) -> dict[str, Any]:
        return passing_values(facts, now=self._now(), running_s=self._clock() - self._started)

    def _configuration_scope(self) -> dict[str, Callable[[], Any]]:
        dialect, store = self.platform.dialect, self.datastore
        if dialect is None:
            return {"hostname": lambda: self.hostname}
        running = cache(lambda: dialect.render(store.running))
        return {
            "hostname": lambda: self.hostname,
            "running_config": running,
            "running_bytes": lambda: len(running()),
            "startup_config": lambda: dialect.render(store.saved),
            "running_lines": lambda: [{"line": line} for line in flatten(store.running)],
            "reverts_in_minutes": lambda: math.ceil(store.reverts_in_s / 60) or "",
            "candidates": lambda: [
                {"name": name, "committed": waits, "state": "pendingCommitTimer" if waits else "pending"}
                for name, candidate in store.candidates.items()
                for waits in [store.awaits_confirmation and candidate == store.running]
                if name
            ],
        }


class _Reflected:
    """What the running configuration says about the device, read with the platform's regular expressions."""

    def __init__(self, lines: list[str], patterns: Mapping[str, re.Pattern[str]]) -> None:
        found = {name: [m for line in lines if (m := pattern.match(line))] for name, pattern in patterns.items()}
        self._seen = "interface" in patterns
        self.hostname = next((m[1] for m in found.get("hostname", ())), "")
        self._names = dict.fromkeys(m[1] for m in found.get("interface", ()))
        self._descriptions = {m[1]: m[2].strip('"') for m in found.get("description", ())}
        self._disabled = {m[1] for m in found.get("disabled", ())}
        self._addresses = {m[1]: _with_prefix_length(*m.groups()[1:]) for m in found.get("address", ())}

    def interfaces(self, known: tuple[Interface, ...]) -> list[Interface]:
        """The interfaces as configured: what the configuration adds comes last."""
        if not self._seen:
            return list(known)
        names = {interface.name for interface in known}
        added = [Interface(name=name) for name in self._names if name not in names]
        return [self._as_configured(interface) for interface in (*known, *added)]

    def _as_configured(self, interface: Interface) -> Interface:
        name = interface.name
        return replace(
            interface,
            description=self._descriptions.get(name, ""),
            enabled=name not in self._disabled,
            address=self._addresses.get(name, ""),
        )


def _with_prefix_length(address: str, netmask: str | None = None) -> str:
    if not netmask:
        return address
    return str(ipaddress.ip_interface(f"{address}/{netmask}"))


def _with_defaults(spec: SimulatedDevice, platform: Platform) -> Facts:
    facts, defaults = spec.facts, platform.defaults
    return replace(
        facts,
        version=facts.version or defaults.version,
        model=facts.model or defaults.model,
        serial=facts.serial or derived_serial(defaults.serial, spec.name),
        interfaces=facts.interfaces or tuple(Interface(name=name) for name in defaults.interfaces),
    )


def utc_now() -> datetime:
    return datetime.now(UTC)
