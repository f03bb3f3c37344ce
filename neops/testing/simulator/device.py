"""One simulated device while it runs: configuration, evidence, fault, and the values that its outputs are made of."""

from __future__ import annotations

import ipaddress
import re
from collections import ChainMap, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from neops.testing.simulator.commands import CommandTable
from neops.testing.simulator.configuration import Datastore, flatten
from neops.testing.simulator.dialects import Dialect, dialect_of
from neops.testing.simulator.platform import Command, ConfigurationData, Platform
from neops.testing.simulator.spec import (
    Facts,
    FaultKind,
    Interface,
    Neighbor,
    SimulatedDevice,
    derived_mac,
    derived_serial,
)
from neops.testing.simulator.template import Scope, render

COMMANDS_KEPT = 10_000  # a benchmark asks one device often; the evidence must not grow without end


@dataclass(kw_only=True)
class Evidence:
    """What clients did to the device."""

    logins: int = 0
    failed_logins: int = 0
    sessions: int = 0
    """Open now: SSH connections that are logged in."""
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
        self.configuration: ConfigurationData | None = platform.configuration
        self.configuration_commands = CommandTable({}, abbreviations=True)
        if platform.configuration:
            self.dialect = dialect_of(platform.configuration)
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
        self.fault = spec.fault
        self.latency_s = spec.latency_s
        self._clock, self._now = clock, now
        self._started = clock()
        self.facts = _with_defaults(spec, platform.data)
        self._reflected: tuple[int, _Reflected] | None = None
        self.answers = CommandTable(
            {pattern: Command(say=text) for pattern, text in spec.answers.items()},
            abbreviations=platform.data.abbreviations,
        )

    @cached_property
    def datastore(self) -> Datastore:
        """Made on first use, so that thousands of devices start at once."""
        if self.platform.dialect is None:
            return Datastore(running_now={}, clock=self._clock)
        text = self.spec.running_config or render(self.platform.data.running_config, self._facts_scope(self.facts))
        return Datastore(running_now=self.platform.dialect.parse(text), clock=self._clock)

    def struck_by(self, *kinds: FaultKind, command: str = "") -> bool:
        """Whether the device has one of these faults now for this command; counts the strike."""
        fault = self.fault
        if fault is None or fault.kind not in kinds or not re.search(fault.command, command):
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
        reflected = self._reflection()
        facts = replace(self.facts, interfaces=tuple(reflected.interfaces(self.facts.interfaces)))
        return ChainMap(self._configuration_scope(), self._facts_scope(facts))

    def _reflection(self) -> _Reflected:
        running = self.datastore.running
        if self._reflected is None or self._reflected[0] != self.datastore.revision:
            self._reflected = (self.datastore.revision, _Reflected(list(flatten(running)), self.platform.reflect))
        return self._reflected[1]

    def _configuration_scope(self) -> dict[str, Any]:
        dialect = self.platform.dialect
        if dialect is None:
            return {"hostname": self.hostname}
        running = dialect.render(self.datastore.running)
        return {
            "hostname": self.hostname,
            "running_config": running,
            "running_bytes": len(running),
            "startup_config": dialect.render(self.datastore.startup),
            "running_lines": [{"line": line} for line in flatten(self.datastore.running)],
        }

    def _facts_scope(self, facts: Facts) -> dict[str, Any]:
        platform = self.platform.data
        uptime = timedelta(seconds=int(facts.uptime_s + self._clock() - self._started))
        now = self._now()
        interfaces = [_interface_scope(i, n, self.spec.name, platform) for n, i in enumerate(facts.interfaces)]
        ports = [entry for entry in interfaces if entry["port"]]
        neighbors = [_neighbor_scope(neighbor, platform) for neighbor in facts.neighbors]
        return {
            "hostname": self.spec.name,
            "username": self.spec.username,
            "version": facts.version,
            "model": facts.model,
            "model_lower": facts.model.lower(),
            "serial": facts.serial,
            "domain": facts.domain,
            "enable_secret": self.spec.enable_secret,
            "now": now,
            "booted": now - uptime,
            "uptime_s": int(uptime.total_seconds()),
            "uptime_words": _in_words(uptime),
            "uptime_words_and": " and ".join(_in_words(uptime).rsplit(", ", 1)),
            "uptime_weeks": uptime.days // 7,
            "uptime_week_days": uptime.days % 7,
            "uptime_days": uptime.days,
            "uptime_hours": uptime.seconds // 3600,
            "uptime_minutes": uptime.seconds // 60 % 60,
            "uptime_seconds": uptime.seconds % 60,
            "chassis_mac": derived_mac(self.spec.name),
            **_mac_forms("chassis_mac", derived_mac(self.spec.name)),
            "interfaces": interfaces,
            "ports": ports,
            "addressed": [entry for entry in interfaces if entry["ip"]],
            "port_count": len(ports),
            "neighbors": neighbors,
            "neighbor_interfaces": _by_interface(neighbors),
            "neighbor_count": len(facts.neighbors),
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


def _interface_scope(interface: Interface, number: int, device: str, platform: Platform) -> dict[str, Any]:
    key = "disabled" if not interface.enabled else "up" if interface.up else "down"
    state = platform.states.get(key, {})  # type: ignore[call-overload]  # one of the three keys
    address = ipaddress.ip_interface(interface.address) if interface.address else None
    return {
        "name": interface.name,
        "short_name": platform.short_name(interface.name),
        "index": number + 1,
        "ifindex": number + 2,
        "description": interface.description,
        "enabled": interface.enabled,
        "up": interface.enabled and interface.up,
        **state,
        "mtu": interface.mtu,
        "speed_mbps": interface.speed_mbps,
        "speed_kbps": interface.speed_mbps * 1000,
        "speed_gbps": f"{interface.speed_mbps / 1000:g}",
        "address": interface.address,
        "ip": str(address.ip) if address else "",
        "netmask": str(address.netmask) if address else "",
        "prefix_length": address.network.prefixlen if address else "",
        "network": str(address.network) if address else "",
        "broadcast": str(address.network.broadcast_address) if address else "",
        "port": not interface.name.startswith(platform.virtual),
        **_mac_forms("mac", interface.mac or derived_mac(device, interface.name)),
    }


def _neighbor_scope(neighbor: Neighbor, platform: Platform) -> dict[str, Any]:
    return {
        "local": neighbor.interface,
        "local_short": platform.short_name(neighbor.interface),
        "local_spaced": _spaced(neighbor.interface),
        "port_spaced": _spaced(neighbor.port),
        "name": neighbor.name,
        "port": neighbor.port,
        "port_description": neighbor.port_description or neighbor.port,
        "system": neighbor.system,
        "address": neighbor.address,
        **_mac_forms("mac", neighbor.mac or derived_mac(neighbor.name)),
    }


def _by_interface(neighbors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The local interfaces that have neighbours, each with its own."""
    names = dict.fromkeys(neighbor["local"] for neighbor in neighbors)
    grouped = [(name, [neighbor for neighbor in neighbors if neighbor["local"] == name]) for name in names]
    return [{"local": name, "neighbors": found, "neighbor_count": len(found)} for name, found in grouped]


def _spaced(interface: str) -> str:
    """`GigabitEthernet1/0/1` → `Gig 1/0/1`, as CDP tables write it."""
    match = re.fullmatch(r"([A-Za-z]{3})[A-Za-z]*(\d.*)", interface)
    return f"{match[1]} {match[2]}" if match else interface


def _mac_forms(name: str, mac: str) -> dict[str, str]:
    digits = mac.replace(":", "")
    quads = [digits[i : i + 4] for i in range(0, 12, 4)]
    return {name: mac, f"{name}_dotted": ".".join(quads), f"{name}_dashed": "-".join(quads)}


def _in_words(span: timedelta) -> str:
    """`1 week, 2 days, 3 hours, 4 minutes`, as IOS writes it."""
    weeks, days = divmod(span.days, 7)
    parts = {"week": weeks, "day": days, "hour": span.seconds // 3600, "minute": span.seconds // 60 % 60}
    return ", ".join(f"{n} {unit}{'' if n == 1 else 's'}" for unit, n in parts.items() if n) or "0 minutes"


def utc_now() -> datetime:
    return datetime.now(UTC)
