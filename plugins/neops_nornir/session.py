"""A login through any Nornir connection plugin. Importing this module imports Nornir."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from nornir.core.configuration import Config
from nornir.core.plugins.connections import CONNECTIONS_PLUGIN_PATH, ConnectionPlugin

from neops.concurrency import in_thread
from neops.devices import ConnectionOptions
from neops.devices.acting import acting_capabilities
from neops.devices.blocking import BlockingSession
from neops.devices.capabilities import methods_of
from neops.devices.failures import not_reached
from neops.devices.host_keys import HostKey, strict_excerpt
from neops.devices.keys import private_key
from neops.devices.parsing import CommandSession
from neops.devices.plugin import Forward, Tunnel
from neops.entities import Device
from neops.errors import CapabilityMissing, ConnectFailed, Considered, SessionLost, Unreachable
from neops_nornir.choice import SCRAPLI, Choice
from neops_paramiko.host_keys import fetch_host_key
from neops_paramiko.netmiko import first_line


class NornirSession(BlockingSession, CommandSession):
    """One login through a connection plugin of Nornir whose connection has `send_command` or NAPALM's `cli`.

    Its host keys are what the library and its extras make of them.
    """

    knows_jump_hosts = True

    def __init__(self, *, device: Device, platform: str, options: ConnectionOptions, choice: Choice) -> None:
        super().__init__(device=device, platform=platform)
        self._options, self._choice = options, choice
        self._where = f"{choice.hostname}:{choice.port}{options.via} with nornir/{choice.connection}"
        self._plugin: ConnectionPlugin | None = None
        self._forward: Forward | None = None

    def abort(self) -> None:
        self._aborted = True
        self._end_way()
        with suppress(Exception):  # never raises: without a transport there is nothing that could be cut
            self._connection().transport.close()

    async def alive(self) -> bool:
        if self._plugin is None or self._aborted:
            return False
        probe = getattr(self._connection(), "isalive", None)
        return bool(probe()) if probe is not None else True

    async def exchange(self, command: str) -> str:
        if self._plugin is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        try:
            return await in_thread(partial(self._send, command), on_cancel=self.abort)
        except Exception as error:
            self.abort()
            raise self._command_failure(command, error) from error

    def _log_in(self) -> None:
        plugin = connection_plugin(self._choice.connection, self.device.name)
        arguments = self._choice.arguments(**self._for_scrapli())
        with ExitStack() as cleanup:
            if self._options.tunnel is not None:
                arguments |= self._way(self._options.tunnel, arguments["extras"], cleanup)
            plugin.open(**arguments, configuration=Config())
        self._plugin = plugin

    def _for_scrapli(self) -> dict[str, Any]:
        """scrapli's arguments for what we are told; other libraries have names of their own."""
        if self._choice.connection != SCRAPLI:
            return {}
        options, credentials = self._options, self._options.credentials
        arguments: dict[str, Any] = {
            "timeout_socket": options.connect_timeout_s,
            "timeout_ops": options.command_timeout_s,
        }
        if private_key(self.device.name, credentials) is not None:
            arguments["auth_private_key"] = str(credentials.private_key)
        if credentials.passphrase is not None:
            arguments["auth_private_key_passphrase"] = credentials.passphrase.reveal()
        if credentials.enable_secret is not None:
            arguments["auth_secondary"] = credentials.enable_secret.reveal()
        return arguments

    def _way(self, tunnel: Tunnel, extras: dict[str, Any], cleanup: ExitStack) -> dict[str, Any]:
        """A port on loopback, for a library of which we know only that it connects to host and port.

        The device's key is looked at before, under its own name; scrapli gets a file so that it looks again.
        """
        choice, host_keys = self._choice, self._options.host_keys
        self._forward = forward = tunnel.forward(choice.hostname, choice.port)
        if host_keys.policy != "off":
            excerpt = strict_excerpt(
                self.device.name, choice.hostname, choice.port, host_keys, self._fetch_host_key, also_as=forward.host
            )
            file = cleanup.enter_context(excerpt)
            if choice.connection == SCRAPLI:
                extras |= {"auth_strict_key": True, "ssh_known_hosts_file": str(file)}
        return {"hostname": forward.host, "port": forward.port}

    def _fetch_host_key(self) -> HostKey:
        connected = self._options.connect(self._choice.hostname, self._choice.port, lambda _: None)
        return fetch_host_key(connected, self._options.connect_timeout_s)

    def _log_out(self) -> None:
        if self._plugin is not None:
            self._plugin.close()
        self._end_way()

    def _end_way(self) -> None:
        if self._forward is not None:
            self._forward.close()

    def _send(self, command: str) -> str:
        connection = self._connection()
        if not hasattr(connection, "send_command"):
            return str(connection.cli([command])[command])
        answer = connection.send_command(command)
        return str(getattr(answer, "result", answer))

    def _connection(self) -> Any:
        if self._plugin is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        return self._plugin.connection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Refuse what a device can that nobody made log in with another connection than netmiko."""
        if name.startswith("_"):
            raise AttributeError(name)
        needed = [one.__name__ for one in acting_capabilities(self.platform) if name in methods_of(one)]
        if not needed:
            raise AttributeError(name)

        async def refuse(*_: object, **__: object) -> None:
            reason = f"the Nornir connection {self._choice.connection!r} only runs commands; netmiko does more"
            considered = [Considered(plugin="nornir", reason=reason)]
            raise CapabilityMissing(self.device.name, self.platform, needed, considered)

        return refuse

    def _opening_failure(self, error: Exception) -> ConnectFailed:
        reason = not_reached(error) if isinstance(error, OSError) else first_line(error)
        return Unreachable(self.device.name, f"{self._where}: {reason}")

    def _command_failure(self, command: str, error: Exception) -> Exception:
        reason = "aborted" if self._aborted else first_line(error)
        return SessionLost(self.device.name, f"{command!r} on {self._where}: {reason}")


def connection_plugin(name: str, device: str) -> ConnectionPlugin:
    """A new instance of an installed connection plugin.

    Nornir's own register is left alone: all kinds of plugins share one class-level dict in it (nornir 3.6,
    nornir/core/plugins/register.py), and auto_register imports every one.

    Raises:
        ConnectFailed: no installed distribution has a Nornir connection plugin of that name.
    """
    for point in entry_points(group=CONNECTIONS_PLUGIN_PATH, name=name):
        plugin: ConnectionPlugin = point.load()()
        return plugin
    installed = ", ".join(sorted({point.name for point in entry_points(group=CONNECTIONS_PLUGIN_PATH)}))
    raise ConnectFailed(device, f"Nornir has no connection plugin {name!r} (installed: {installed or 'none'})")
