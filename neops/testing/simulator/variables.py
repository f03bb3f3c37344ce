"""The values that platform files can name: a device's facts in all the forms that platforms print. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from neops.testing.simulator.platform import Platform
from neops.testing.simulator.spec import Facts, Interface, Neighbor, SimulatedDevice, derived_mac


def lasting_values(spec: SimulatedDevice, facts: Facts, platform: Platform) -> dict[str, Any]:
    """The device's values by name that stay as long as its facts do."""
    neighbors = [_neighbor_scope(neighbor, platform) for neighbor in facts.neighbors]
    hosts = [entry for entry in neighbors if entry["address"]]
    interfaces = [_interface_scope(i, n, spec.name, platform, hosts) for n, i in enumerate(facts.interfaces)]
    ports = [entry for entry in interfaces if entry["port"]]
    return {
        "hostname": spec.name,
        "username": spec.username,
        "version": facts.version,
        "model": facts.model,
        "model_lower": facts.model.lower(),
        "serial": facts.serial,
        "domain": facts.domain,
        "enable_secret": spec.enable_secret,
        **_mac_forms("chassis_mac", derived_mac(spec.name)),
        "interfaces": interfaces,
        "ports": ports,
        "addressed": [entry for entry in interfaces if entry["ip"]],
        "port_count": len(ports),
        "port_list": ",".join(entry["name"] for entry in ports),
        "short_port_list": ", ".join(entry["short_name"] for entry in ports),
        "neighbors": neighbors,
        "neighbor_interfaces": _by_interface(neighbors),
        "neighbor_count": len(facts.neighbors),
        "hosts": hosts,
    }


def passing_values(facts: Facts, *, now: datetime, running_s: float) -> dict[str, Any]:
    """The values that time changes; `running_s` is how long the device has run beyond `facts.uptime_s`."""
    uptime = timedelta(seconds=int(facts.uptime_s + running_s))
    booted = now - uptime
    return {
        "now": now,
        "now_s": int(now.timestamp()),
        "booted": booted,
        "booted_s": int(booted.timestamp()),
        **_uptime_forms(uptime),
    }


def narrowed(interface: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of a scope, narrowed down to one interface."""
    here = {name: [e for e in scope[name] if e["name"] == interface] for name in ("interfaces", "ports", "addressed")}
    neighbors = [entry for entry in scope["neighbors"] if entry["local"] == interface]
    return {**here, "neighbors": neighbors, "neighbor_count": len(neighbors)}


def _interface_scope(
    interface: Interface, number: int, device: str, platform: Platform, hosts: list[dict[str, Any]]
) -> dict[str, Any]:
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
        "speed_bps": interface.speed_mbps * 1_000_000,
        "speed_gbps": f"{interface.speed_mbps / 1000:g}",
        "address": interface.address,
        "ip": str(address.ip) if address else "",
        "netmask": str(address.netmask) if address else "",
        "prefix_length": address.network.prefixlen if address else "",
        "network": str(address.network) if address else "",
        "broadcast": str(address.network.broadcast_address) if address else "",
        "addresses": [{"ip": str(address.ip), "prefix_length": address.network.prefixlen}] if address else [],
        "port": not interface.name.startswith(platform.virtual),
        "hosts": [host for host in hosts if host["local"] == interface.name],
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
    return {
        name: mac,
        f"{name}_dotted": ".".join(quads),
        f"{name}_dashed": "-".join(quads),
        f"{name}_halves": f"{digits[:6]}-{digits[6:]}",
    }


def _uptime_forms(uptime: timedelta) -> dict[str, Any]:
    words = _in_words(uptime)
    return {
        "uptime_s": int(uptime.total_seconds()),
        "uptime_words": words,
        "uptime_words_and": " and ".join(words.rsplit(", ", 1)),
        "uptime_weeks": uptime.days // 7,
        "uptime_week_days": uptime.days % 7,
        "uptime_days": uptime.days,
        "uptime_hours": uptime.seconds // 3600,
        "uptime_minutes": uptime.seconds // 60 % 60,
        "uptime_seconds": uptime.seconds % 60,
    }


def _in_words(span: timedelta) -> str:
    """`1 week, 2 days, 3 hours, 4 minutes`, as IOS writes it."""
    weeks, days = divmod(span.days, 7)
    parts = {"week": weeks, "day": days, "hour": span.seconds // 3600, "minute": span.seconds // 60 % 60}
    return ", ".join(f"{n} {unit}{'' if n == 1 else 's'}" for unit, n in parts.items() if n) or "0 minutes"
