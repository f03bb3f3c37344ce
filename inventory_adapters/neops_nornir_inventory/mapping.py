"""From Nornir's hosts, groups and defaults to entities, each with its own values: the CMS works out the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from netutils.lib_mapper import NAPALM_LIB_MAPPER, NETMIKO_LIB_MAPPER, SCRAPLI_LIB_MAPPER
from nornir.core.inventory import ConnectionOptions, Defaults, Group, Host, Inventory
from pydantic import JsonValue

from neops.entities import DEFAULTS_GROUP, EntityBatch, NewDevice, NewGroup, Secret

_CONNECTION_FIELDS = ("hostname", "port", "username", "password", "platform", "extras")


def to_entities(inventory: Inventory) -> EntityBatch:
    """The devices and groups of an inventory; its defaults, where they say anything, are the group DEFAULTS_GROUP."""
    groups = [_group(group) for group in inventory.groups.values()]
    defaults = _said_by(inventory.defaults)
    if any(value not in (None, {}) for value in defaults.values()):
        groups.append(NewGroup(name=DEFAULTS_GROUP, **defaults))
    return EntityBatch(groups=tuple(groups), devices=tuple(_device(host) for host in inventory.hosts.values()))


def platform_name(platform: str | None) -> str | None:
    """netmiko's name for a platform that NAPALM (`ios`), scrapli (`cisco_iosxe`) or netmiko named."""
    if platform is None or platform in NETMIKO_LIB_MAPPER:
        return platform
    return NAPALM_LIB_MAPPER.get(platform) or SCRAPLI_LIB_MAPPER.get(platform) or platform


def _device(host: Host) -> NewDevice:
    return NewDevice(hostname=host.name, groups=[group.name for group in host.groups], **_said_by(host))


def _group(group: Group) -> NewGroup:
    return NewGroup(name=group.name, parents=[parent.name for parent in group.groups], **_said_by(group))


def _said_by(element: Host | Group | Defaults) -> dict[str, Any]:
    """Its own values: Host's attributes give inherited ones too, those of its base class do not."""
    own = {name: object.__getattribute__(element, name) for name in ("port", "username", "password", "platform")}
    platform, options = platform_name(own["platform"]), _connection_options(element.connection_options)
    return {
        "ip": object.__getattribute__(element, "hostname"),
        "port": own["port"],
        "username": own["username"],
        "password": None if own["password"] is None else Secret(own["password"]),
        "platform": platform,
        "platform_alias": own["platform"] if platform != own["platform"] else None,
        "connection_options": Secret(json.dumps(options, sort_keys=True)) if options else None,
        "facts": json_data(element.data),
    }


def _connection_options(options: Mapping[str, ConnectionOptions]) -> dict[str, dict[str, JsonValue]]:
    return {name: dict(_given(one)) for name, one in options.items()}


def _given(options: ConnectionOptions) -> Iterator[tuple[str, JsonValue]]:
    for name in _CONNECTION_FIELDS:
        value = getattr(options, name)
        if value is not None:
            yield name, json_value(value)


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
