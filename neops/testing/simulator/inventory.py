"""Files about a simulated network: a Nornir SimpleInventory and known_hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from neops.testing.simulator.network import RunningDevice

HOST = "127.0.0.1"


def write_inventory(folder: Path, devices: Sequence[RunningDevice], public_key: str) -> Path:
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(known_hosts_text(devices, public_key), encoding="utf-8")
    files = {
        "hosts": {device.spec.name: _host(device, known_hosts) for device in devices},
        "groups": _groups(devices),
        "defaults": {"connection_options": _connection_options(known_hosts)},
    }
    for name, content in files.items():
        _write(folder / f"{name}.yaml", content)
    config = folder / "config.yaml"
    options = {"host_file": "hosts", "group_file": "groups", "defaults_file": "defaults"}
    _write(
        config,
        {
            "inventory": {
                "plugin": "SimpleInventory",
                "options": {option: str(folder / f"{name}.yaml") for option, name in options.items()},
            },
            "runner": {"plugin": "threaded", "options": {"num_workers": 20}},
            "logging": {"enabled": False},
        },
    )
    return config


def known_hosts_text(devices: Sequence[RunningDevice], public_key: str) -> str:
    """One line per device, and one for the bare address: scrapli 2025 looks hosts up without their port."""
    names = [HOST, *(f"[{HOST}]:{device.port}" for device in devices)]
    return "".join(f"{name} {public_key}\n" for name in names)


def _host(device: RunningDevice, known_hosts: Path) -> dict[str, Any]:
    spec = device.spec
    host: dict[str, Any] = {
        "hostname": HOST,
        "port": device.port,
        "username": spec.username,
        "password": spec.password,
        "platform": device.platform.inventory_name,
        "groups": [device.platform.inventory_name, *spec.groups],
    }
    if spec.data:
        host["data"] = dict(spec.data)
    if options := _own_connection_options(device, known_hosts):
        host["connection_options"] = options
    return host


def _own_connection_options(device: RunningDevice, known_hosts: Path) -> dict[str, Any]:
    """What differs from the defaults; they are repeated, as Nornir takes the extras of the innermost level whole."""
    secret = device.spec.enable_secret
    options = _connection_options(known_hosts, secret) if secret else {}
    if (port := device.ports.get("eapi")) is not None:
        arguments = {"transport": "http", **({"enable_password": secret} if secret else {})}
        options["napalm"] = {"port": port, "extras": {"optional_args": arguments}}
    if (port := device.ports.get("netconf")) is not None:
        options["netconf"] = {"port": port}
    return options


def _groups(devices: Sequence[RunningDevice]) -> dict[str, Any]:
    groups: dict[str, Any] = {name: {} for device in devices for name in device.spec.groups}
    for device in devices:
        platform = device.platform
        libraries = {"netmiko": platform.netmiko, "scrapli": platform.scrapli, "napalm": platform.napalm}
        named = {library: {"platform": name} for library, name in libraries.items() if name}
        groups[platform.inventory_name] = {"platform": platform.inventory_name, "connection_options": named}
    return groups


def _connection_options(known_hosts: Path, enable_secret: str = "") -> dict[str, Any]:
    file = str(known_hosts)
    netmiko = {"ssh_strict": True, "alt_host_keys": True, "alt_key_file": file}
    scrapli = {"auth_strict_key": True, "ssh_known_hosts_file": file}
    neops = {"known_hosts_file": file}
    if enable_secret:
        netmiko["secret"] = scrapli["auth_secondary"] = neops["enable_secret"] = enable_secret
    return {
        "neops": {"extras": neops},
        "netmiko": {"extras": netmiko},
        "scrapli": {"extras": scrapli},
        "napalm": {"extras": {"optional_args": netmiko}},
    }


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.dump(content, Dumper=_Plain, sort_keys=False, width=120), encoding="utf-8")


class _Plain(yaml.SafeDumper):
    """Writes a value that occurs twice twice: Nornir's reader keeps anchors, people do not."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's signature
        return True
