"""What a session is told: worked out from the device, its `connection_options` and the settings.

A value is taken from the first that has it: the plugin's entry of `connection_options`, its `neops` entry, the device's
own fields, the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from neops.devices.plugin import ConnectionOptions, ConnectionPlugin, Credentials, HostKeys, JumpHost
from neops.devices.written import ConnectionEntry, Conventional, NeopsExtras, WrittenOptions, jump_host, written
from neops.entities import Device
from neops.errors import DeviceError
from neops.settings import DeviceSettings

T = TypeVar("T")

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """A device's `connection_options`; works out what each plugin is told.

    `platform` is our platform name: what the `neops` entry says, else the device's.
    """

    device: Device
    settings: DeviceSettings
    platform: str | None
    _written: WrittenOptions = field(repr=False)

    @classmethod
    def read(cls, device: Device, settings: DeviceSettings) -> DeviceOptions:
        """Read what the device says.

        Raises:
            DeviceError: `connection_options` is not what it should be; the message names the key.
        """
        try:
            options = written(device.connection_options)
        except ValueError as error:
            raise DeviceError(device.name, str(error)) from None
        platform = options.neops.platform or device.platform_name
        return cls(device=device, settings=settings, platform=platform, _written=options)

    @property
    def extras(self) -> NeopsExtras:
        """What `connection_options` says for every plugin."""
        return self._written.extras

    @property
    def preferred_plugins(self) -> tuple[str, ...]:
        """Plugin names, the most preferred first: the device's wish, then that of the settings."""
        return (*self.extras.plugins, *self.settings.plugins)

    def entry(self, key: str) -> ConnectionEntry:
        """The entry under a key, empty when there is none.

        Raises:
            DeviceError: the entry is not what it should be.
        """
        try:
            return self._written.entry(key)
        except ValueError as error:
            raise DeviceError(self.device.name, str(error)) from None

    def _conventional(self, key: str) -> Conventional:
        try:
            return self._written.conventional(key)
        except ValueError as error:
            raise DeviceError(self.device.name, str(error)) from None

    def for_plugin(self, plugin: ConnectionPlugin) -> ConnectionOptions:
        """What a session of this plugin is told.

        Raises:
            DeviceError: the plugin's entry cannot be read, or nothing says where the device is.
        """
        own, device, settings, extras = self.entry(plugin.name), self.device, self.settings, self.extras
        host = _first(own.hostname, self._written.neops.hostname, device.ip, device.hostname)
        if host is None:
            raise DeviceError(device.name, "has neither an address nor a host name to connect to")
        conventional = self._conventional(plugin.name)
        return ConnectionOptions(
            host=host,
            port=self._port(plugin, own),
            platform=own.platform or plugin.platforms[self.platform or ""],
            credentials=self._credentials(plugin.name, own),
            host_keys=HostKeys(
                policy=extras.host_keys or settings.host_keys,
                known_hosts=extras.known_hosts_file or settings.known_hosts,
            ),
            connect_timeout_s=extras.connect_timeout or settings.connect_timeout_s,
            command_timeout_s=extras.command_timeout or settings.command_timeout_s,
            commit_timeout_s=extras.commit_timeout or settings.commit_timeout_s,
            keepalive_s=settings.keepalive_s if extras.keepalive is None else extras.keepalive,
            jump_hosts=self._jump_hosts(),
            # a device that says by itself what is on the way follows no ProxyJump
            ssh_config_file=conventional.ssh_config_file if extras.jump_hosts is None else None,
            extras=MappingProxyType(deepcopy(own.extras)) if own.extras else _NOTHING,  # libraries write into it
        )

    def _port(self, plugin: ConnectionPlugin, own: ConnectionEntry) -> int | None:
        """A device's port is that of its command line: a plugin that goes to another one is not told it."""
        apart: int | None = getattr(plugin, "ports", {}).get(self.platform)
        return _first(own.port, apart) if apart else _first(own.port, self._written.neops.port, self.device.port)

    def _jump_hosts(self) -> tuple[JumpHost, ...]:
        """The device's own; an empty list means that none of the settings are on the way to it."""
        if self.extras.jump_hosts is not None:
            return tuple(hop.jump_host for hop in self.extras.jump_hosts)
        return tuple(jump_host(text) for text in self.settings.jump_hosts)

    def _credentials(self, plugin: str, own: ConnectionEntry) -> Credentials:
        neops, conventional = self._written.neops, self._conventional(plugin)
        return Credentials(
            username=_first(own.username, neops.username, self.device.username),
            password=_first(own.password, neops.password, self.device.password),
            enable_secret=conventional.enable_secret,
            private_key=conventional.private_key,
            passphrase=conventional.passphrase,
        )


def _first(*values: T | None) -> T | None:
    for value in values:
        if value is not None and value != "":
            return value
    return None
