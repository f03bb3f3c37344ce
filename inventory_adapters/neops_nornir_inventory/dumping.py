"""Entities as a SimpleInventory: a folder with hosts.yaml, groups.yaml and defaults.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from neops.entities import DEFAULTS_GROUP, EntityBatch, NewDevice, NewGroup

_TEXT = "tag:yaml.org,2002:str"
_NEVER_FOLDED = 2**31 - 1
"""Characters in a line; libyaml takes an int of C."""
_WORD = re.compile(r"[A-Za-z_][\w.:/@-]*", re.ASCII)


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
    with path.open("w", encoding="utf-8") as file:
        for key, value in content.items():  # not at once: PyYAML holds 10 KiB for each until the last is written
            yaml.dump({key: value}, file, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLDED)
        if not content:
            file.write("{}\n")


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # the stubs lack types
    plain = tag == _TEXT and _WORD.fullmatch(text)
    return dumper.represent_scalar(_TEXT, text, style=None if plain else '"')


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # libyaml may be missing
    """Quotes every text that is not a plain word, so that readers of YAML 1.1 and, as Nornir, of 1.2 take it as text.

    `0o17` and `1e3` are text in 1.1 and numbers in 1.2; ruamel's own writer loses U+0085 (ruamel.yaml 0.19).
    """

    yaml_representers = yaml.SafeDumper.yaml_representers | {str: _represent_text}

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's signature
        return True
