"""A login through a NAPALM driver. Importing this module imports NAPALM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from napalm import get_network_driver
from netmiko import ConnectHandler

from neops.concurrency import in_thread
from neops.devices import (
    ArpEntry,
    BgpInstance,
    Configs,
    ConnectionOptions,
    Facts,
    HostKeys,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsVlans,
    Vlan,
)
from neops.devices.blocking import BlockingSession
from neops.devices.failures import login_refused
from neops.devices.host_keys import HostKey, strict_excerpt
from neops.devices.parsing import CommandSession
from neops.devices.parsing.getters import ParsedAddresses
from neops.devices.parsing.names import one_word
from neops.devices.plugin import SSH_PORT, Forward
from neops.devices.sockets import CuttableSocket
from neops.entities import Device
from neops.errors import ConnectFailed, DeviceError, ParseFailed, SessionLost
from neops_napalm import results
from neops_napalm.failures import chain, command_failure, opening_failure
from neops_napalm.keys import key_file
from neops_paramiko.host_keys import fetch_host_key
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

R = TypeVar("R")

OVER_NETMIKO = frozenset({"ios", "nxos_ssh"})
"""Drivers that hand `optional_args` to netmiko, a socket of ours and where known host keys are among them."""

OVER_OUR_SOCKETS = frozenset({"eos", "junos"})
"""Drivers of APIs that are given ours, each in a module of its name."""

OVER_NETCONF = frozenset({"junos", "iosxr_netconf"})
"""Drivers that log in over SSH with a key file, by way of ncclient."""


class NapalmSession(BlockingSession, CommandSession, ReadsFacts, ReadsInterfaces, ReadsNeighbors, ReadsConfig):
    """One login; commands through the driver's `cli`, getters through its getters."""

    knows_jump_hosts = True

    def __init__(self, *, device: Device, platform: str, options: ConnectionOptions) -> None:
        super().__init__(device=device, platform=platform)
        self._options = options
        self._where = f"{options.place} with napalm/{options.platform}"
        self._driver: Any = None
        self._netmiko: Any = None
        self._forward: Forward | None = None

    def abort(self) -> None:
        self._aborted = True
        if self._socket is not None:
            self._socket.cut()
        if self._forward is not None:
            self._forward.close()
        self._stop_polling()

    async def alive(self) -> bool:
        return self._driver is not None and not self._aborted and self._connected()

    async def exchange(self, command: str) -> str:
        return await self._call(command, lambda driver: self._said(driver, command))

    async def get_facts(self) -> Facts:
        return results.facts(await self._call("get_facts", lambda driver: driver.get_facts()))

    async def get_interfaces(self) -> Mapping[str, InterfaceDetails]:
        return results.interfaces(await self._call("get_interfaces", lambda driver: driver.get_interfaces()))

    async def get_lldp_neighbors(self) -> Mapping[str, Sequence[LldpNeighbor]]:
        return results.neighbors(await self._call("get_lldp_neighbors", lambda driver: driver.get_lldp_neighbors()))

    async def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Configs:
        printed = await self._call("get_config", lambda driver: driver.get_config(retrieve=retrieve))
        return results.configs(self.platform, printed)

    async def _call(self, what: str, call: Callable[[Any], R]) -> R:
        if self._driver is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        try:
            return await in_thread(partial(call, self._driver), on_cancel=self.abort)
        except DeviceError:
            raise
        except Exception as error:
            if self._aborted:
                raise SessionLost(self.device.name, f"{what!r} on {self._where}: aborted") from error
            broken = not self._connected()
            failure = command_failure(self.device.name, self._where, self._options, what, error, broken)
            if not isinstance(failure, ParseFailed):
                self.abort()
            raise failure from error

    def _connected(self) -> bool:
        if not self._over_netmiko(self._options.extras.get("optional_args") or {}):
            return bool(self._driver.is_alive()["is_alive"])
        return connected(self._driver.device)  # NAPALM's is_alive would send a null byte

    def _log_in(self) -> None:
        credentials, extras = self._options.credentials, dict(self._options.extras)
        try:
            with ExitStack() as cleanup:
                optional_args = self._optional_args(cleanup, dict(extras.pop("optional_args", None) or {}))
                driver = get_network_driver(self._options.platform)(
                    hostname=self._host(optional_args),
                    username=credentials.username or "",
                    password=credentials.password.reveal() if credentials.password else "",
                    optional_args=optional_args,
                    **{"timeout": int(self._options.command_timeout_s), **extras},
                )
                driver._netmiko_open = partial(self._open_netmiko, driver)
                self._take_over(driver, optional_args, cleanup)
                driver.open()
        except BaseException:
            self._release()
            raise
        self._driver = driver
        if self._over_netmiko(optional_args):
            driver.device.read_timeout_override = self._options.command_timeout_s  # else 10 s a command (netmiko 4.8)

    def _open_netmiko(self, driver: Any, device_type: str, netmiko_optional_args: dict[str, Any]) -> Any:
        """NAPALM 5's own, in steps: a login within netmiko's constructor nobody could stop."""
        self._netmiko = connection = ConnectHandler(
            device_type=device_type,
            host=driver.hostname,
            username=driver.username,
            password=driver.password,
            timeout=driver.timeout,
            auto_connect=False,
            **netmiko_optional_args,
        )
        driver._netmiko_device = connection
        connection._open()
        if not getattr(driver, "force_no_enable", False):
            enable(connection)
        return connection

    def _optional_args(self, cleanup: ExitStack, asked: dict[str, Any]) -> dict[str, Any]:
        options, credentials = self._options, self._options.credentials
        arguments: dict[str, Any] = {"port": options.port} if options.port else {}
        if credentials.enable_secret:
            arguments["secret"] = credentials.enable_secret.reveal()
        elif not asked.get("secret"):
            arguments["force_no_enable"] = True  # an empty secret would be tried, and fail
        if self._over_netmiko(asked):
            arguments |= limits(options) | key_arguments(self.device.name, credentials)
            if credentials.private_key:
                asked |= key_arguments(self.device.name, credentials)  # that file, but read by now
            if options.tunnel is not None:
                asked.pop("ssh_config_file", None)  # it has said all it had to say
            if not OWN_CONNECTION & asked.keys():
                asked |= self._strict(cleanup, asked_host_keys(asked, options.host_keys))
                asked["sock"] = ours = self._connected_socket()
                ours.on_end = self._stop_polling  # not for the connection that only fetched the host key
        elif credentials.private_key and options.platform in OVER_NETCONF:
            arguments["key_file"] = key_file(self.device.name, credentials)
        return arguments | asked

    def _over_netmiko(self, asked: Mapping[str, Any]) -> bool:
        return self._options.platform in OVER_NETMIKO and asked.get("transport", "ssh") == "ssh"

    def _take_over(self, driver: Any, asked: Mapping[str, Any], cleanup: ExitStack) -> None:
        """Give a driver that makes connections by itself ours instead."""

    def _refuses_login(self, error: BaseException) -> bool:
        """Whether an exception of the driver's library says that the credentials are wrong."""
        del error
        return False

    def _said(self, driver: Any, command: str) -> str:
        """What the device prints; a refusal is in its own words."""
        return str(driver.cli([command])[command])

    def _host(self, optional_args: dict[str, Any]) -> str:
        """Where the driver connects to; a driver that takes no socket goes through jump hosts by a port on loopback."""
        tunnel, port = self._options.tunnel, optional_args.get("port")
        if tunnel is None or "sock" in optional_args or self._options.platform in OVER_OUR_SOCKETS:
            return self._options.host
        if port is None:
            raise ConnectFailed(self.device.name, f"{self._where}: say the port, for the way through the jump hosts")
        self._forward = tunnel.forward(self._options.host, port)
        optional_args["port"] = self._forward.port
        return self._forward.host

    def _strict(self, cleanup: ExitStack, host_keys: HostKeys) -> dict[str, Any]:
        file = self._known_hosts(cleanup, host_keys)
        return {} if file is None else strict_arguments(file)

    def _known_hosts(self, cleanup: ExitStack, host_keys: HostKeys) -> Path | None:
        if host_keys.policy == "off":
            return None
        host, port = self._options.host, self._options.port
        return cleanup.enter_context(strict_excerpt(self.device.name, host, port, host_keys, self._fetch_host_key))

    def _fetch_host_key(self) -> HostKey:
        return fetch_host_key(self._connected_socket(), self._options.connect_timeout_s)

    def _connected_socket(self, port: int | None = None) -> CuttableSocket:
        return self._connect(self._options.host, port or self._options.port or SSH_PORT)

    def _stop_polling(self) -> None:
        stop_polling(self._netmiko)

    def _opening_failure(self, error: Exception) -> ConnectFailed:
        if any(map(self._refuses_login, chain(error))):
            return login_refused(self.device.name, self._where, self._options.credentials.username)
        return opening_failure(self.device.name, self._where, self._options, error)

    def _log_out(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(Exception):  # NAPALM says goodbye to a device that may be gone
                driver.close()
        self._release()

    def _release(self) -> None:
        if self._socket is not None:
            self._socket.cut()
            self._socket.close()
        if self._forward is not None:
            self._forward.close()


class NapalmTablesSession(NapalmSession, ReadsAddresses, ReadsArp, ReadsMacTable, ReadsVlans):
    """A login through a driver whose tables are read as well."""

    async def get_interfaces_ip(self) -> Mapping[str, InterfaceAddresses]:
        return results.addresses(await self._call("get_interfaces_ip", lambda driver: driver.get_interfaces_ip()))

    async def get_arp_table(self, vrf: str = "") -> Sequence[ArpEntry]:
        if vrf:
            one_word(vrf)
        found = await self._call("get_arp_table", lambda driver: driver.get_arp_table(vrf=vrf))
        return results.arp_table(self._options.platform, found)

    async def get_mac_address_table(self) -> Sequence[MacEntry]:
        found = await self._call("get_mac_address_table", lambda driver: driver.get_mac_address_table())
        return results.mac_table(found)

    async def get_vlans(self) -> Mapping[str, Vlan]:
        return results.vlans(await self._call("get_vlans", lambda driver: driver.get_vlans()))


class NxosSession(ParsedAddresses, NapalmTablesSession):
    """A login through the nxos_ssh driver, which in 5.2 breaks where no interface has an address of one family."""


class NapalmBgpSession(NapalmTablesSession, ReadsBgp):
    """A login through a driver whose get_bgp_neighbors keeps all peers."""

    async def get_bgp_neighbors(self) -> Mapping[str, BgpInstance]:
        return results.bgp_neighbors(await self._call("get_bgp_neighbors", lambda driver: driver.get_bgp_neighbors()))
