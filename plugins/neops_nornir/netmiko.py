"""A login through nornir-netmiko. Importing this module imports netmiko and paramiko."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any, Self

from netmiko.exceptions import NetmikoAuthenticationException, ReadException, ReadTimeout
from nornir.core.configuration import Config
from paramiko.ssh_exception import BadHostKeyException

from neops.concurrency import in_thread
from neops.devices import HostKeys
from neops.devices.acting import FileWire, WiredSession
from neops.devices.failures import login_refused, no_prompt, not_reached, secret_refused
from neops.devices.host_keys import HostKey, known_hosts, rejection, strict_excerpt
from neops.devices.parsing import PLATFORMS
from neops.devices.sockets import CuttableSocket
from neops.errors import ConnectFailed, Unreachable
from neops_nornir.session import NornirSession, connection_plugin
from neops_nornir.wires import paramiko_wire
from neops_paramiko.host_keys import fetch_host_key, host_key
from neops_paramiko.keys import key_arguments
from neops_paramiko.netmiko import (
    OWN_CONNECTION,
    asked_host_keys,
    connected,
    enable,
    limits,
    stop_polling,
    strict_arguments,
)

ENABLES_WITHOUT_SECRET = frozenset({"arista_eos"})
"""`enable` asks for no password unless one is set (EOS User Manual 4.31, "Enable Command Authorization")."""

BAD_SECRETS = 3
"""Empty answers after which `enable` gives up and the prompt is back."""

POLL_S = 0.01
"""netmiko knows no waiting for what comes next; its own loops sleep as long as this."""


class NetmikoSession(NornirSession, WiredSession):
    """One login with netmiko: over a socket that can be cut, host keys checked by paramiko before the password."""

    knows_jump_hosts = True

    _prompt_pattern: str | None = None

    @property
    def _host_keys(self) -> HostKeys:
        return asked_host_keys(self._choice.extras, self._options.host_keys)

    def abort(self) -> None:
        self._aborted = True
        self._cut()

    async def alive(self) -> bool:
        if self._plugin is None or self._aborted:
            return False
        return connected(self._connection())

    def _log_in(self) -> None:
        try:
            with ExitStack() as cleanup:
                self._open_connection(cleanup)
            self._enable()
            self._settle()
        except BaseException:
            self._cut()
            self._log_out()
            raise

    def _open_connection(self, cleanup: ExitStack) -> None:
        arguments = self._choice.arguments(**limits(self._options), **self._secrets(), auto_connect=False)
        extras = arguments["extras"]
        if self._options.credentials.private_key:
            extras |= key_arguments(self.device.name, self._options.credentials)  # that file, but read by now
        self._check_way(arguments)
        if _is_ssh(arguments) and not OWN_CONNECTION & extras.keys():
            extras |= self._strict(cleanup)
            extras["sock"] = ours = self._connected_socket()
            ours.on_end = self._stop_polling  # not for the connection that only fetched the host key
        plugin = connection_plugin("netmiko", self.device.name)
        plugin.open(**arguments, configuration=Config())
        self._plugin = plugin
        plugin.connection._open()  # what netmiko 4's __init__ does unless told not to; now `abort` knows whom to stop

    def _log_out(self) -> None:
        if self._aborted:
            self._cut()  # netmiko says goodbye to the device before it closes
        elif self._home is not None and not self._astray:
            self._connection().check_config_mode = lambda: False  # it would ask once more, in 2 s on VRP
        super()._log_out()
        if self._socket is not None:
            self._socket.close()

    def _cut(self) -> None:
        if self._socket is not None:
            self._socket.cut()
        self._stop_polling()

    def _connected_socket(self) -> CuttableSocket:
        return self._connect(self._choice.hostname, self._choice.port)

    def _check_way(self, arguments: dict[str, Any]) -> None:
        """Over jump hosts goes only a socket of ours; a `ssh_config_file` has said all it had to say by now."""
        if self._options.tunnel is not None:
            arguments["extras"].pop("ssh_config_file", None)
            if not _is_ssh(arguments) or OWN_CONNECTION & arguments["extras"].keys():
                raise ConnectFailed(
                    self.device.name, f"{self._where}: only SSH goes through jump hosts, without `sock`"
                )

    def _stop_polling(self) -> None:
        if self._plugin is not None:
            stop_polling(self._plugin.connection)

    def _strict(self, cleanup: ExitStack) -> dict[str, Any]:
        if self._host_keys.policy == "off":
            return {}
        host, port = self._choice.hostname, self._choice.port
        excerpt = strict_excerpt(self.device.name, host, port, self._host_keys, self._fetch_host_key)
        return strict_arguments(cleanup.enter_context(excerpt))

    def _fetch_host_key(self) -> HostKey:
        return fetch_host_key(self._connected_socket(), self._options.connect_timeout_s)

    def _secrets(self) -> dict[str, Any]:
        credentials = self._options.credentials
        secret = {"secret": credentials.enable_secret.reveal()} if credentials.enable_secret else {}
        return {**secret, **key_arguments(self.device.name, credentials)}

    def _enable(self) -> None:
        """The most privileged mode that the credentials give; netmiko logs in without it."""
        connection = self._connection()
        try:
            if connection.secret:
                enable(connection)
            elif self.platform in ENABLES_WITHOUT_SECRET:
                _enable_without_secret(connection, self._options.connect_timeout_s)
        except (ValueError, ReadException) as error:
            raise secret_refused(self.device.name, self._where) from error

    def _settle(self) -> None:
        """Learn the prompt, where we know how one ends; elsewhere netmiko asks for it before each command, in 50 ms."""
        connection = self._connection()
        if self.platform == "linux":
            connection.base_prompt = connection.base_prompt.partition(":")[0]  # the directory changes
        if self.platform in PLATFORMS and connection.base_prompt:
            self._prompt_pattern = rf"(?:^|\n)[<\[]?{re.escape(connection.base_prompt)}[^\n]{{0,128}}[>#$\]]\s*$"
            self.settled_at(connection.find_prompt())

    def _send(self, command: str) -> str:
        connection, timeout_s = self._connection(), self._options.command_timeout_s
        if self._prompt_pattern is None:
            return str(connection.send_command(command, read_timeout=timeout_s))
        output = connection.send_command(
            command, expect_string=self._prompt_pattern, read_timeout=timeout_s, strip_prompt=False
        )
        self.now_at(output.rstrip().rpartition("\n")[2])
        return str(connection.strip_prompt(output))

    def again(self) -> Self:
        return type(self)(device=self.device, platform=self.platform, options=self._options, choice=self._choice)

    def file_wire(self, protocol: str) -> AbstractAsyncContextManager[FileWire]:
        def connect(register: Callable[[CuttableSocket], None]) -> CuttableSocket:
            return self._options.connect(self._choice.hostname, self._choice.port, register)

        patience_s = self._options.command_timeout_s
        return paramiko_wire(self.device.name, self._connection(), connect, patience_s, protocol)

    async def type_line(self, text: str, *, hidden: bool = False) -> None:
        del hidden  # all goes past netmiko's own method, which logs what it writes
        await self._in_dialogue(lambda connection: connection.channel.write_channel(text + connection.RETURN))

    async def read_text(self, within_s: float) -> str:
        return str(await self._in_dialogue(lambda connection: _read(connection, within_s)))

    @property
    def patience_s(self) -> float:
        return self._options.command_timeout_s

    def at_prompt(self, line: str) -> bool:
        """Also where nobody has described the platform: netmiko has found out how its prompts begin."""
        base = self._connection().base_prompt
        return super().at_prompt(line) or (bool(base) and line.startswith(base) and line.endswith((">", "#", "$", "]")))

    async def _in_dialogue(self, work: Callable[[Any], Any]) -> Any:
        try:
            return await in_thread(lambda: work(self._connection()), on_cancel=self.abort)
        except Exception as error:
            self.abort()
            raise self._command_failure("a dialogue", error) from error

    def _opening_failure(self, error: Exception) -> ConnectFailed:
        name = self.device.name
        match error.__context__, error:
            case BadHostKeyException() as bad, _:
                file = known_hosts(self._host_keys.known_hosts)
                return rejection(name, self._choice.hostname, self._choice.port, host_key(bad.key), file)
            case _, NetmikoAuthenticationException():
                return login_refused(name, self._where, self._choice.username)
            case OSError() as cause, _:
                return Unreachable(name, f"{self._where}: {not_reached(cause)}")
        return super()._opening_failure(error)

    def _command_failure(self, command: str, error: Exception) -> Exception:
        if isinstance(error, ReadTimeout):
            return no_prompt(self.device.name, self._where, command, self._options.command_timeout_s)
        return super()._command_failure(command, error)


def _read(connection: Any, within_s: float) -> str:
    limit = time.monotonic() + within_s
    while not (text := connection.read_channel()) and time.monotonic() < limit:
        time.sleep(POLL_S)
    return str(text)


def _enable_without_secret(connection: Any, timeout_s: float) -> None:
    """Become privileged if no password is asked; if one is, answer nothing until the prompt of the login is back."""

    def enter(text: str) -> str:
        connection.write_channel(f"{text}{connection.RETURN}")
        return str(connection.read_until_pattern(r"(?:[>#]|assword:)\s*$", read_timeout=timeout_s))

    answer = "" if connection.check_enable_mode() else enter("enable")
    for _ in range(BAD_SECRETS):
        if answer.rstrip().endswith("assword:"):
            answer = enter("")


def _is_ssh(arguments: dict[str, Any]) -> bool:
    device_type = str(arguments["extras"].get("device_type", arguments["platform"]))
    return not device_type.endswith(("_telnet", "_serial"))
