"""netmiko's arguments and connections, for every plugin that goes through netmiko."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from neops.devices import ConnectionOptions, HostKeys

OWN_CONNECTION: Final = frozenset({"sock", "sock_telnet", "ssh_config_file"})
"""Arguments with which netmiko reaches the device over something else than a plain socket of ours."""


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


def limits(options: ConnectionOptions) -> dict[str, Any]:
    """netmiko's arguments for the time limits of a login, and for asking a silent connection for a sign of life."""
    seconds = options.connect_timeout_s
    timeouts = {"conn_timeout": seconds, "auth_timeout": seconds, "banner_timeout": seconds}
    return {**timeouts, "keepalive": options.keepalive_s}


def connected(connection: Any) -> bool:
    """Whether netmiko's connection has a channel that works, as far as this end knows; nothing is sent."""
    channel = connection.channel.remote_conn
    return channel is not None and not channel.closed and bool(channel.get_transport().is_active())


def stop_polling(connection: Any) -> None:
    """Wake up who waits. netmiko 4.8 polls a closed channel until its read time-out; without one it stops at once."""
    with suppress(AttributeError):  # it has no channel yet, or is not netmiko's
        connection.channel.remote_conn = None


def enable(connection: Any) -> None:
    """Reach the privileged mode by one try with the secret.

    netmiko 4.8 waits for a prompt for 10 s after it, also where the device asks for the secret again. The platform that
    types it in a way of its own is left alone.

    Raises:
        ValueError, ReadException: the device did not take it.
    """
    from netmiko.base_connection import BaseConnection  # this module is also for connections without netmiko

    if type(connection).enable_secret_handler is BaseConnection.enable_secret_handler:
        connection.enable_secret_handler = partial(_give_secret, connection)
    connection.enable()


def _give_secret(connection: Any, pattern: str, output: str, re_flags: int = re.IGNORECASE) -> str:
    if not re.search(pattern, output, re_flags):
        return ""
    again = rf"{pattern}[^\n]*:\s*$"
    connection.write_channel(connection.normalize_cmd(connection.secret))
    answer = str(connection.read_until_prompt_or_pattern(pattern=again, re_flags=re_flags))
    if re.search(again, answer, re_flags):
        raise ValueError("the device asks for the secret again")
    return answer


def first_line(error: BaseException) -> str:
    """The first line of a library's message: netmiko's go on with generic advice."""
    lines = [line.strip(" *") for line in str(error).splitlines() if line.strip(" *")]
    return lines[0] if lines else type(error).__name__
