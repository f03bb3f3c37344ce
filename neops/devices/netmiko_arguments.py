"""netmiko's arguments about SSH host keys as our policy and back, for every plugin that goes through netmiko."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neops.devices.plugin import HostKeys


def asked_host_keys(arguments: Mapping[str, Any], ours: HostKeys) -> HostKeys:
    """`ssh_strict` is our `strict`; `alt_key_file` and `system_host_keys` (~/.ssh/known_hosts) say where.

    Without `ssh_strict` netmiko accepts whatever it sees, also when nobody asked for that: then our policy holds.
    """
    file = ours.known_hosts
    if arguments.get("alt_host_keys") and arguments.get("alt_key_file"):
        file = Path(arguments["alt_key_file"]).expanduser()
    elif arguments.get("system_host_keys"):
        file = None
    return HostKeys(policy="strict" if arguments.get("ssh_strict") else ours.policy, known_hosts=file)


def strict_arguments(file: Path) -> dict[str, Any]:
    """netmiko's arguments for: only the keys in this file, nothing is learned."""
    return {"ssh_strict": True, "system_host_keys": False, "alt_host_keys": True, "alt_key_file": str(file)}
