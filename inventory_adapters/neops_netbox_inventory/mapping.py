"""From NetBox's records to entities. Group names follow nornir-netbox: `site__zrh`, `role__core`, `tag__prod`."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from neops.entities import EntityBatch, InterfaceState, NewDevice, NewGroup, NewInterface
from neops.entities.platforms import netmiko_name
from neops_netbox_inventory.reading import Read, Record

logger = logging.getLogger(__name__)

_KINDS = ("site", "role", "tag")


def to_entities(read: Read) -> EntityBatch:
    """Devices by name. Of several with one name that with the lowest id counts, others are left out with a warning."""
    ports: dict[int, list[NewInterface]] = defaultdict(list)
    for port in read.interfaces:
        ports[port["device"]["id"]].append(_interface(port))
    groups: dict[str, NewGroup] = {}
    devices: dict[str, NewDevice] = {}
    for record in read.devices:
        name = _name(record)
        if name in devices or read.first.get(name, record["id"]) != record["id"]:
            ports.pop(record["id"], None)
            logger.warning("two devices have one name", extra={"device": name, "left_out": record["url"]})
            continue
        named = dict(_groups(record))
        for group in named.keys() - groups.keys():
            groups[group] = NewGroup(name=group, title=named[group])
        devices[name] = _device(record, list(named), ports.pop(record["id"], []))
    for id_, rest in ports.items():
        # their device itself did not change
        name = read.names.get(id_, f"netbox-{id_}")
        if read.first.get(name, id_) == id_:
            devices.setdefault(name, NewDevice(hostname=name, interfaces=rest))
    return EntityBatch(
        devices=tuple(devices.values()),
        groups=tuple(groups.values()),
        cursor=read.cursor,
        origin=read.origin,
        complete=read.complete,
    )


def platform_name(platform: Record | None) -> str | None:
    """netmiko's name for a platform whose slug is netmiko's, NAPALM's or scrapli's, with hyphens or underscores."""
    if not platform:
        return None
    return netmiko_name(str(platform["slug"]).replace("-", "_"))


def _name(record: Record) -> str:
    return str(record.get("name") or f"netbox-{record['id']}")


def _device(record: Record, groups: list[str], interfaces: list[NewInterface]) -> NewDevice:
    type_: Record = record.get("device_type") or {}
    manufacturer: Record = type_.get("manufacturer") or {}
    address: Record = record.get("primary_ip") or {}
    given: dict[str, Any] = {
        "hostname": _name(record),
        "ip": str(address["address"]).partition("/")[0] if address.get("address") else None,
        "platform": platform_name(record.get("platform")),
        "vendor": manufacturer.get("name"),
        "model": type_.get("model"),
        "serial": record.get("serial") or None,
        "external_reference": record.get("url"),
        "groups": groups,
        "facts": dict(_facts(record)),
    }
    return NewDevice(**given, **({"interfaces": interfaces} if interfaces else {}))


def _facts(record: Record) -> Iterator[tuple[str, JsonValue]]:
    for kind in ("site", "location", "rack", "tenant", "cluster"):
        yield kind, _slug(record.get(kind))
    yield "role", _slug(_role(record))
    yield "status", (record.get("status") or {}).get("value")
    yield "asset_tag", record.get("asset_tag")
    yield "tags", sorted(tag["slug"] for tag in record.get("tags") or ())
    yield "custom_fields", record.get("custom_fields") or {}
    yield "netbox_id", record["id"]


def _groups(record: Record) -> Iterator[tuple[str, str | None]]:
    """Names and titles."""
    found: Mapping[str, Iterable[Record | None]] = {
        "site": [record.get("site")],
        "role": [_role(record)],
        "tag": record.get("tags") or (),
    }
    for kind in _KINDS:
        for one in found[kind]:
            if one:
                yield f"{kind}__{one['slug']}", one.get("name") or one.get("display")


def _interface(record: Record) -> NewInterface:
    facts: dict[str, JsonValue] = {
        "type": (record.get("type") or {}).get("value"),
        "mac_address": record.get("mac_address"),
        "mtu": record.get("mtu"),
        "mgmt_only": record.get("mgmt_only"),
        "netbox_id": record["id"],
    }
    enabled = record.get("enabled", True)
    return NewInterface(
        name=record["name"],
        description=record.get("description") or None,
        **({} if enabled else {"state": InterfaceState.ADMINISTRATIVE_SHUTDOWN}),
        facts={key: value for key, value in facts.items() if value is not None},
    )


def _role(record: Record) -> Record | None:
    return record.get("role") or record.get("device_role")  # before NetBox 3.6 it was device_role


def _slug(record: Record | None) -> JsonValue:
    return (record.get("slug") or record.get("name")) if record else None
