"""From Nornir's hosts and groups to entities, with everything that a host inherits worked out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from netutils.lib_mapper import NAPALM_LIB_MAPPER, NETMIKO_LIB_MAPPER, SCRAPLI_LIB_MAPPER
from nornir.core.inventory import ConnectionOptions, Host, Inventory
from pydantic import JsonValue

from neops.entities import EntityBatch, NewDevice, NewGroup, Secret

_CONNECTION_FIELDS = ("hostname", "port", "username", "password", "platform", "extras")


def to_entities(inventory: Inventory) -> EntityBatch:
    """Devices and groups; a device's facts are its data with what it inherits."""
    return EntityBatch(
        groups=tuple(NewGroup(name=group.name, facts=json_data(group.data)) for group in inventory.groups.values()),
        devices=tuple(_device(host) for host in inventory.hosts.values()),
    )


def platform_name(platform: str | None) -> str | None:
    """netmiko's name for a platform that NAPALM (`ios`), scrapli (`cisco_iosxe`) or netmiko named."""
    if platform is None or platform in NETMIKO_LIB_MAPPER:
        return platform
    return NAPALM_LIB_MAPPER.get(platform) or SCRAPLI_LIB_MAPPER.get(platform) or platform


def _device(host: Host) -> NewDevice:
    options = _connection_options(host)
    return NewDevice(
        hostname=host.name,
        ip=host.hostname,
        port=host.port,
        username=host.username,
        password=None if host.password is None else Secret(host.password),
        platform=platform_name(host.platform),
        connection_options=Secret(json.dumps(options, sort_keys=True)) if options else None,
        groups=[group.name for group in host.groups],
        facts=json_data(dict(host.items())),
    )


def _connection_options(host: Host) -> dict[str, dict[str, JsonValue]]:
    sources = [host.connection_options]
    sources += [group.connection_options for group in host.extended_groups()]
    sources.append(host.defaults.connection_options)
    names = dict.fromkeys(name for source in sources for name in source)
    return {name: _merged([source[name] for source in sources if name in source]) for name in names}


def _merged(sources: list[ConnectionOptions]) -> dict[str, JsonValue]:
    """Nornir's rule: field by field, the nearest that gives one; extras as a whole."""
    merged: dict[str, JsonValue] = {}
    for name in _CONNECTION_FIELDS:
        given = (getattr(source, name) for source in sources)
        value = next((one for one in given if one is not None), None)
        if value is not None:
            merged[name] = json_value(value)
    return merged


def json_data(data: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Inventory data as JSON: keys become strings, values without a JSON form their text."""
    return {str(key): json_value(value) for key, value in data.items()}


def json_value(value: Any) -> JsonValue:
    """One value as JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return json_data(value)
        case list() | tuple() | set() | frozenset():
            return [json_value(one) for one in value]
        case _:
            return str(value)
