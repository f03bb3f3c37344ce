"""Entities as a SimpleInventory: a folder with hosts.yaml, groups.yaml and defaults.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ruamel.yaml

from neops.entities import DEFAULTS_GROUP, EntityBatch, NewDevice, NewGroup


def dump_inventory(batch: EntityBatch, target: Path) -> None:
    """Write what `load` reads: each host, group and the defaults with their own values."""
    target.mkdir(parents=True, exist_ok=True)
    groups = {group.name: group for group in batch.groups}
    defaults = groups.pop(DEFAULTS_GROUP, NewGroup(name=DEFAULTS_GROUP))
    hosts = {device.hostname: {**_said_by(device), **_groups(device.groups)} for device in batch.devices}
    _write(target / "hosts.yaml", hosts)
    _write(target / "groups.yaml", {name: {**_said_by(one), **_groups(one.parents)} for name, one in groups.items()})
    _write(target / "defaults.yaml", _said_by(defaults))


def _said_by(entity: NewDevice | NewGroup) -> dict[str, Any]:
    options = entity.connection_options
    said = {
        "hostname": entity.ip,
        "port": entity.port,
        "username": entity.username,
        "password": None if entity.password is None else entity.password.reveal(),
        "platform": entity.platform_alias or entity.platform,
        "data": entity.facts or None,
        "connection_options": json.loads(options.reveal()) if options else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _groups(names: list[str]) -> dict[str, list[str]]:
    return {"groups": names} if names else {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    # Nornir reads YAML 1.2: a writer of 1.1 leaves "1e3" and "0o17" without the quotes that keep them text
    writer = ruamel.yaml.YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = True
    with path.open("w", encoding="utf-8") as file:
        writer.dump(content, file)
