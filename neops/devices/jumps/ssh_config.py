"""What a file of ssh_config(5) says about the way to a device: `ProxyJump`, and where the hosts on it are.

Importing this module imports asyncssh, whose reader knows `Host`, `Match`, `Include` and tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from getpass import getuser
from pathlib import Path
from typing import Any, Final

from asyncssh.config import ConfigParseError, SSHClientConfig

from neops.devices.plugin import ConnectionOptions, Credentials, JumpHost
from neops.devices.written import jump_host
from neops.errors import ConnectFailed

MOST_HOPS: Final = 8
"""A chain of ProxyJump that is longer leads in a circle."""


def with_ssh_config(device: str, options: ConnectionOptions, file: Path) -> ConnectionOptions:
    """The options as the file completes them, when it names jump hosts for this device; else as they are.

    With jump hosts, `HostName`, `Port`, `User` and `IdentityFile` count where the inventory says nothing. `ProxyJump
    none` means that there are none, also not those of the settings.

    Raises:
        ConnectFailed: the file cannot be read.
    """
    try:
        found = _found(file, options.host)
        hops = tuple(_jump_hosts(file, found.get("ProxyJump")))
    except (OSError, ConfigParseError, ValueError) as error:
        raise ConnectFailed(device, f"the SSH configuration {file} cannot be used: {error}") from error
    if "ProxyJump" not in found:
        return options
    if not hops:
        return replace(options, jump_hosts=())
    return replace(
        options,
        host=found.get("Hostname") or options.host,
        port=options.port or found.get("Port"),
        credentials=_completed(options.credentials, found),
        jump_hosts=hops,
    )


def _jump_hosts(file: Path, names: Any, depth: int = 0) -> Iterator[JumpHost]:
    """Nearest first; the first of a list may have a ProxyJump of its own, as OpenSSH has it."""
    if not names:
        return
    if depth > MOST_HOPS:
        raise ValueError(f"ProxyJump {names} leads in a circle")
    for index, name in enumerate(str(names).split(",")):
        asked = jump_host(name.strip())
        found = _found(file, asked.host)
        if index == 0:
            yield from _jump_hosts(file, found.get("ProxyJump"), depth + 1)
        yield JumpHost(
            host=found.get("Hostname") or asked.host,
            port=asked.port or found.get("Port"),
            credentials=_completed(asked.credentials, found),
        )


def _completed(credentials: Credentials, found: dict[str, Any]) -> Credentials:
    files = found.get("IdentityFile") or ()
    key = Path(files[0]).expanduser() if files and not credentials.password else None
    return replace(
        credentials,
        username=credentials.username or found.get("User"),
        private_key=credentials.private_key or key,
    )


def _found(file: Path, host: str) -> dict[str, Any]:
    """The options that hold for a host. What is not set in the file is not in there."""
    config = SSHClientConfig.load(None, [file], False, False, False, getuser(), (), host, ())
    return config.get_options(False)
