"""Nornir's Host for a device. Importing this module imports Nornir."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from nornir.core.configuration import Config
from nornir.core.exceptions import PluginNotRegistered
from nornir.core.inventory import ConnectionOptions, Defaults, Host, ParentGroups
from nornir.core.plugins.connections import CONNECTIONS_PLUGIN_PATH, ConnectionPlugin, ConnectionPluginRegister
from pydantic import JsonValue

from neops.devices import Connector
from neops.entities import Device, Secret
from neops.errors import DeviceError
from neops_cms_inventory.platforms import platform_for

CONNECTION = "neops"
"""Name of our own connection plugin, and of the entry in `connection_options` that is for all plugins of neops."""

LINK = "neops_link"
"""Under this name the extras of a host's `neops` connection hold its Link."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """The entity behind a host, and who connects to it: in a job its connector, else nobody yet."""

    device: Device
    connector: Connector | None = None
    job: str | None = None


class DeviceHost(Host):
    """A host that stands for a device: `host.device` is the entity.

    Each connection plugin is given the platform by the name that it knows, the host name where there is no address,
    and the password as plain text; the attribute `password` stays masked where it is printed.
    """

    __slots__ = ("_link", "_problem")

    def __init__(
        self, name: str, link: Link, *, groups: ParentGroups, data: dict[str, Any], defaults: Defaults
    ) -> None:
        device = link.device
        super().__init__(
            name=name,
            hostname=device.ip,
            port=device.port,
            username=device.username,
            password=device.password,
            platform=device.platform_alias or device.platform_name,
            groups=groups,
            data=data,
            defaults=defaults,
        )
        self._link = link
        self._problem: str | None = None
        try:
            self.connection_options = _options(device.connection_options)
        except (ValueError, TypeError, AttributeError) as problem:
            self._problem = f"connection_options cannot be read: {problem}"

    @property
    def device(self) -> Device:
        """The entity that the host was made of."""
        return self._link.device

    def get_connection_parameters(self, connection: str | None = None) -> ConnectionOptions:
        """What a connection plugin is told.

        Raises:
            DeviceError: the device's connection_options cannot be read.
        """
        if self._problem:
            raise DeviceError(self.device.name, self._problem)
        given = self._get_connection_options_recursively(connection) if connection else None
        told = super().get_connection_parameters(connection)
        told.hostname = told.hostname or self.device.hostname
        told.password = None if told.password is None else str.__str__(told.password)
        if connection and told.platform and not (given and given.platform):
            told.platform = platform_for(connection, told.platform)
        if connection == CONNECTION:
            told.extras = {**(told.extras or {}), LINK: self._link}
        return told

    def get_connection(self, connection: str, configuration: Config) -> Any:
        """Nornir's own, which works out twice what the plugin is told: a third of the cost of a connection of ours."""
        if connection not in self.connections:
            told = self.get_connection_parameters(connection).dict()
            self.open_connection(connection, configuration, **told, default_to_host_attributes=False)
        return self.connections[connection].connection

    def open_connection(self, connection: str, *args: Any, **kwargs: Any) -> ConnectionPlugin:
        """Nornir's own, with the plugin loaded when it is used: `auto_register` would import every installed one."""
        register(connection)
        return super().open_connection(connection, *args, **kwargs)


def register(connection: str) -> None:
    """Make an installed connection plugin known to Nornir, under the name of its entry point."""
    try:
        ConnectionPluginRegister.get_plugin(connection)
    except PluginNotRegistered:
        for point in _installed().get(connection, ()):
            ConnectionPluginRegister.register(connection, point.load())
            return


@cache
def _installed() -> Mapping[str, Any]:
    return {point.name: (point,) for point in entry_points(group=CONNECTIONS_PLUGIN_PATH)}


def _options(text: str | None) -> dict[str, ConnectionOptions]:
    """`connection_options` of a device; every host gets objects of its own, because plugins write into their extras."""
    entries: dict[str, dict[str, JsonValue]] = json.loads(text) if text else {}
    return {name: _connection(entry) for name, entry in entries.items()}


def _connection(entry: Mapping[str, Any]) -> ConnectionOptions:
    password = entry.get("password")
    return ConnectionOptions(
        hostname=entry.get("hostname"),
        port=entry.get("port"),
        username=entry.get("username"),
        password=None if password is None else Secret(password),
        platform=entry.get("platform"),
        extras=entry.get("extras"),
    )
