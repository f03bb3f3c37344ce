"""Which Nornir connection plugin opens a session, and with which arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netutils.lib_mapper import NAPALM_LIB_MAPPER_REVERSE, SCRAPLI_LIB_MAPPER_REVERSE

from neops.devices import ConnectionOptions
from neops.entities import Device

NETMIKO = "netmiko"
SCRAPLI = "scrapli"

PLATFORMS: Mapping[str, Mapping[str, str]] = {
    "napalm": NAPALM_LIB_MAPPER_REVERSE,
    SCRAPLI: SCRAPLI_LIB_MAPPER_REVERSE,
}
"""Connections whose library has names of its own; all others are given netmiko's."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The arguments of `ConnectionPlugin.open` in Nornir, and the name of the plugin."""

    connection: str
    hostname: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    platform: str
    extras: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, device: Device, options: ConnectionOptions, platform: str) -> Choice:
        """Merge what neops worked out with the entry that the inventory has for the connection.

        The entry wins, as in Nornir; its user name and password stand in for the device's own, so they do not win
        over a credential that came from elsewhere.
        """
        extras = dict(options.extras)
        connection = str(extras.pop("connection", NETMIKO))
        entry = _entry(device, connection)
        credentials = options.credentials
        username, password = credentials.username, credentials.password
        if username == device.username and password == device.password:
            username, password = entry.get("username") or username, entry.get("password") or password
        return cls(
            connection=connection,
            hostname=entry.get("hostname") or options.host,
            port=entry.get("port") or options.port or 22,
            username=username,
            password=_revealed(password),
            platform=entry.get("platform") or PLATFORMS.get(connection, {}).get(platform, options.platform),
            extras={**(entry.get("extras") or {}), **extras},
        )

    def arguments(self, **extras: Any) -> dict[str, Any]:
        """Keyword arguments for `open`; `extras` are defaults below those of the inventory."""
        return {
            "hostname": self.hostname,
            "port": self.port,
            "username": self.username,
            "password": self.password,
            "platform": self.platform,
            "extras": {**extras, **self.extras},
        }


def _entry(device: Device, connection: str) -> Mapping[str, Any]:
    """The device's `connection_options` under one name; DeviceOptions has complained about what is broken."""
    entries = json.loads(device.connection_options) if device.connection_options else {}
    entry = entries.get(connection)
    return entry if isinstance(entry, dict) else {}


def _revealed(password: str | None) -> str | None:
    """An ordinary `str`: libraries format passwords, which would give the mask of a Secret."""
    return None if password is None else str.__str__(password)
