"""From Nornir's hosts, groups and defaults to entities, each with its own values: the CMS works out the rest."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from nornir.core.inventory import ConnectionOptions, Defaults, Group, Host, Inventory
from pydantic import JsonValue, ValidationError

from neops.entities import DEFAULTS_GROUP, EntityBatch, NewDevice, NewGroup, Secret
from neops.entities.platforms import netmiko_name
from neops.errors import InventoryInvalid

E = TypeVar("E", NewDevice, NewGroup)

_TEXTS = ("hostname", "username", "password", "platform")
_CONNECTION_FIELDS = (*_TEXTS, "port", "extras")


def to_entities(inventory: Inventory) -> EntityBatch:
    """The devices and groups of an inventory; its defaults, where they say anything, are the group DEFAULTS_GROUP.

    Raises:
        InventoryInvalid: a value does not fit; the message names host and field.
    """
    groups = [_group(group) for group in inventory.groups.values()]
    defaults = _said_by(inventory.defaults)
    if any(value not in (None, {}) for value in defaults.values()):
        groups.append(_checked(NewGroup, "defaults", name=DEFAULTS_GROUP, **defaults))
    return EntityBatch(groups=tuple(groups), devices=tuple(_device(host) for host in inventory.hosts.values()))


def _device(host: Host) -> NewDevice:
    groups = [str(group.name) for group in host.groups]
    return _checked(NewDevice, f"host {host.name}", hostname=str(host.name), groups=groups, **_said_by(host))


def _group(group: Group) -> NewGroup:
    parents = [str(parent.name) for parent in group.groups]
    return _checked(NewGroup, f"group {group.name}", name=str(group.name), parents=parents, **_said_by(group))


def _checked(model: type[E], where: str, **said: Any) -> E:
    try:
        return model(**said)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise InventoryInvalid(f"{where}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _said_by(element: Host | Group | Defaults) -> dict[str, Any]:
    """Its own values: Host's attributes give inherited ones too, those of its base class do not."""
    own = {name: _text(object.__getattribute__(element, name)) for name in ("username", "password", "platform")}
    spelled, options = own["platform"], _connection_options(element.connection_options)
    platform = netmiko_name(spelled) if isinstance(spelled, str) else spelled
    return {
        "ip": _text(object.__getattribute__(element, "hostname")),
        "port": object.__getattribute__(element, "port"),
        "username": own["username"],
        "password": Secret(own["password"]) if isinstance(own["password"], str) else own["password"],
        "platform": platform,
        "platform_alias": spelled if platform != spelled else None,
        "connection_options": Secret(json.dumps(options, sort_keys=True)) if options else None,
        "facts": json_data(element.data),
    }


def _text(value: Any) -> Any:
    """YAML takes a password of digits for a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _connection_options(options: Mapping[str, ConnectionOptions]) -> dict[str, dict[str, JsonValue]]:
    return {name: dict(_given(one)) for name, one in options.items()}


def _given(options: ConnectionOptions) -> Iterator[tuple[str, JsonValue]]:
    for name in _CONNECTION_FIELDS:
        value = getattr(options, name)
        if value is not None:
            yield name, json_value(_text(value) if name in _TEXTS else value)


def json_data(data: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Inventory data as JSON: keys become strings, values without a JSON form their text."""
    return {str(key): json_value(value) for key, value in data.items()}


def json_value(value: Any) -> JsonValue:
    """One value as JSON."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return json_data(value)
        case list() | tuple() | set() | frozenset():
            return [json_value(one) for one in value]
        case _:
            return str(value)
