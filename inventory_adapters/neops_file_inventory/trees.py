"""YAML: `devices` and `groups`, each a list of entities with the fields of `NewDevice` and `NewGroup`.

`connection_options` is an object, as in Nornir's files. The group named `*` is what every device inherits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from neops.entities import REVEAL, EntityBatch, NewDevice, NewGroup, NewInterface
from neops.errors import InventoryInvalid

M = TypeVar("M", NewDevice, NewGroup)

_OPTIONS = "connection_options"


def load_yaml(source: str) -> EntityBatch:
    """The devices and groups of a YAML file.

    Raises:
        InventoryInvalid: it cannot be read; the message names the line, or the entry and its field.
    """
    path = Path(source).expanduser()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise InventoryInvalid(f"inventory yaml:{source}: {' '.join(str(problem).split())}") from problem
    document = {} if document is None else document
    if not isinstance(document, dict):
        raise InventoryInvalid(f"inventory yaml:{source}: write an object with devices and groups")
    if unknown := sorted(map(str, document.keys() - {"devices", "groups"})):
        raise InventoryInvalid(f"inventory yaml:{source}: unknown key {unknown[0]!r}; write devices and groups")
    return EntityBatch(
        devices=_entries(source, document, "devices", NewDevice),
        groups=_entries(source, document, "groups", NewGroup),
        origin=f"yaml:{path.resolve()}",
        complete=True,
    )


def dump_yaml(batch: EntityBatch, target: Path) -> None:
    """Write devices and groups with their own values."""
    document = {"groups": [_plain(one) for one in batch.groups], "devices": [_plain(one) for one in batch.devices]}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    target.write_text(text, encoding="utf-8")


def _entries(source: str, document: Mapping[str, Any], key: str, model: type[M]) -> tuple[M, ...]:
    entries = document.get(key) or []
    if not isinstance(entries, list):
        raise InventoryInvalid(f"inventory yaml:{source}: {key} is no list")
    return tuple(_entry(f"inventory yaml:{source}: {key}[{at}]", entry, model) for at, entry in enumerate(entries))


def _entry(where: str, entry: Any, model: type[M]) -> M:
    if not isinstance(entry, dict):
        raise InventoryInvalid(f"{where} is no object")
    if unknown := sorted(map(str, entry.keys() - model.model_fields.keys())):
        raise InventoryInvalid(f"{where}.{unknown[0]}: there is no such field")
    options = entry.get(_OPTIONS)
    try:
        return model(**{**entry, _OPTIONS: json.dumps(options, sort_keys=True)} if options else entry)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise InventoryInvalid(f"{where}.{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _plain(entity: NewDevice | NewGroup | NewInterface) -> dict[str, Any]:
    plain = _given(entity)
    if _OPTIONS in plain:
        plain[_OPTIONS] = json.loads(plain[_OPTIONS])
    return plain


def _given(entity: BaseModel) -> dict[str, Any]:
    dumped = entity.model_dump(mode="json", exclude_none=True, context=REVEAL)
    return {name: value for name, value in dumped.items() if value not in ([], {})}
