"""What AsyncScrapli is given: our options, below what the inventory has for scrapli."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from neops.devices import ConnectionOptions, HostKeys
from neops.devices.ssh import HostKeyClient, ssh_options

ASYNC_TRANSPORTS = {"telnet": "asynctelnet", "asynctelnet": "asynctelnet"}
"""nornir-scrapli's inventories name blocking transports (system, ssh2, paramiko): all are SSH, as asyncssh is."""

HOST_KEY_ARGUMENTS = ("auth_strict_key", "ssh_known_hosts_file")


def with_scrapli_host_keys(options: ConnectionOptions) -> ConnectionOptions:
    """scrapli's own arguments about host keys as our policy: `auth_strict_key` is `strict` or `off`.

    scrapli's asyncssh transport would look at the key after the password is sent, and without the port.
    """
    if options.extras.keys().isdisjoint(HOST_KEY_ARGUMENTS):
        return options
    strict, file = (options.extras.get(name) for name in HOST_KEY_ARGUMENTS)
    host_keys = options.host_keys
    if isinstance(file, str):
        host_keys = HostKeys(policy=host_keys.policy, known_hosts=Path(file))
    if isinstance(strict, bool):
        host_keys = HostKeys(policy="strict" if strict else "off", known_hosts=host_keys.known_hosts)
    extras = {name: value for name, value in options.extras.items() if name not in HOST_KEY_ARGUMENTS}
    return replace(options, host_keys=host_keys, extras=extras)


def driver_arguments(options: ConnectionOptions, client: HostKeyClient) -> dict[str, Any]:
    """Keyword arguments of any async driver of scrapli."""
    credentials, asked = options.credentials, options.extras.get("transport_options", {})
    arguments: dict[str, Any] = {
        "host": options.host,
        "auth_username": credentials.username or "",
        "auth_password": credentials.password.reveal() if credentials.password else "",
        "timeout_socket": options.connect_timeout_s,
        "timeout_transport": 0,  # scrapli would start a timer for every read; timeout_ops bounds the whole
        "timeout_ops": options.command_timeout_s,
        **options.extras,
        "auth_strict_key": False,  # HostKeyClient has looked
        "transport": ASYNC_TRANSPORTS.get(str(options.extras.get("transport")), "asyncssh"),
    }
    if options.port is not None:
        arguments.setdefault("port", options.port)
    ssh = ssh_options(options, client) | asked.get("asyncssh", {})
    return {**arguments, "transport_options": {**asked, "asyncssh": ssh}}
