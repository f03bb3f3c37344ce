"""YAML: `devices` and `groups`, each a list of entities with the fields of `NewDevice` and `NewGroup`.

`connection_options` is an object, as in Nornir's files. The group named `*` is what every device inherits. Dates and
times are text, and so is what YAML 1.1 takes for a number of base 60, such as the MAC address 10:20:30:40:50:12.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from neops.entities import REVEAL, EntityBatch, NewDevice, NewGroup
from neops.errors import InventoryInvalid

M = TypeVar("M", NewDevice, NewGroup)

_OPTIONS = "connection_options"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_SEPARATORS = re.compile("[\r\x85\u2028\u2029]")


def load_yaml(source: str) -> EntityBatch:
    """The devices and groups of a YAML file.

    Raises:
        InventoryInvalid: it cannot be read; the message names the line, or the entry and its field.
    """
    path = Path(source).expanduser()
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as problem:
        raise InventoryInvalid(f"inventory yaml:{source}: {problem.strerror or problem}") from problem
    except (UnicodeDecodeError, yaml.YAMLError) as problem:
        raise InventoryInvalid(f"inventory yaml:{source}: {' '.join(str(problem).split())}") from problem
    document = {} if document is None else document
    if not isinstance(document, dict):
        raise InventoryInvalid(f"inventory yaml:{source}: write an object with devices and groups")
    if unknown := sorted(map(str, document.keys() - {"devices", "groups"})):
        raise InventoryInvalid(f"inventory yaml:{source}: unknown key {unknown[0]!r}; write devices and groups")
    devices = _entries(source, document, "devices", NewDevice)
    groups = _entries(source, document, "groups", NewGroup)
    _check_names(source, "devices", (device.hostname for device in devices))
    _check_names(source, "groups", (group.name for group in groups))
    return EntityBatch(
        devices=devices,
        groups=groups,
        origin=f"yaml:{path.resolve()}",
        complete=True,
    )


def dump_yaml(batch: EntityBatch, target: Path) -> None:
    """Write devices and groups with their own values."""
    with target.open("w", encoding="utf-8") as file:
        _write(file, "groups", batch.groups)
        _write(file, "devices", batch.devices)


def _write(file: TextIO, key: str, entities: Sequence[NewDevice | NewGroup]) -> None:
    file.write(f"{key}:\n" if entities else f"{key}: []\n")
    for one in entities:  # not all at once: PyYAML holds 20 KiB for each until the last one is written
        yaml.dump([_plain(one)], file, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _check_names(source: str, key: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InventoryInvalid(f"inventory yaml:{source}: {key}: {twice[0]!r} is there twice")


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


def _plain(entity: NewDevice | NewGroup) -> dict[str, Any]:
    plain = _given(entity)
    if _OPTIONS in plain:
        plain[_OPTIONS] = json.loads(plain[_OPTIONS])
    if isinstance(entity, NewDevice) and entity.interfaces:
        plain["interfaces"] = [_given(port) for port in entity.interfaces]
    return plain


def _given(entity: BaseModel) -> dict[str, Any]:
    """Its name first."""
    dumped = entity.model_dump(mode="json", exclude_none=True, context=REVEAL)
    said = {name: value for name, value in dumped.items() if value not in ([], {})}
    return {name: said[name] for name in ("hostname", "name") if name in said} | said


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml may be missing
    """Without the types of YAML 1.1 that 1.2 has no more, and JSON has not: times, and numbers of base 60."""


def _as_in_json(tag: str, pattern: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(f"(?!.*:){pattern.pattern}", pattern.flags) if tag in _NUMBERS else pattern


_Loader.yaml_implicit_resolvers = {
    first: [(tag, _as_in_json(tag, pattern)) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # libyaml may be missing
    """Quotes a text with a line separator in such a way that YAML does not fold it (YAML 1.1, 5.4)."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _SEPARATORS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
