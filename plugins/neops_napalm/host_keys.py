"""SSH host keys for drivers over netmiko: its own arguments as our policy, and a host's key without a login."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import paramiko

from neops.devices import HostKeys
from neops.devices.host_keys import HostKey

ARGUMENTS = ("ssh_strict", "system_host_keys", "alt_host_keys", "alt_key_file")


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


def fetch_host_key(connected: socket.socket, timeout_s: float) -> HostKey:
    """The key that the SSH server behind a connected socket shows; the socket is closed afterwards.

    Raises:
        OSError: the connection broke.
        paramiko.SSHException: it is no SSH server, or it did not answer in time.
    """
    transport = paramiko.Transport(connected)
    try:
        transport.start_client(timeout=timeout_s)
        return host_key(transport.get_remote_server_key())
    finally:
        transport.close()


def host_key(key: paramiko.PKey) -> HostKey:
    """paramiko's key as ours."""
    return HostKey(key.get_name(), key.get_base64())
