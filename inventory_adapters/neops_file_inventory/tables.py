"""CSV: one line a device.

Columns are the fields of a device; `groups` holds names separated by `;`, and `facts.site` is the fact `site`. Facts
are text, but for objects and lists, which are JSON; in a column `facts.asn:json` every cell is. An empty cell says
nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

from neops.entities import EntityBatch, NewDevice, Secret
from neops.errors import InventoryInvalid, UsageError

COLUMNS = (
    "hostname",
    "ip",
    "port",
    "username",
    "password",
    "platform",
    "vendor",
    "model",
    "serial",
    "software_release",
    "external_reference",
    "connection_options",
    "groups",
)
_FACT = "facts."
_JSON = ":json"


def load_csv(source: str) -> EntityBatch:
    """The devices of a CSV file with a header line, in UTF-8.

    Raises:
        InventoryInvalid: it cannot be read; the message names line and column.
    """
    path = Path(source).expanduser()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, strict=True)
            try:
                _check_columns(source, lines.fieldnames or ())
                found = [(lines.line_num, _device(source, lines.line_num, line)) for line in lines]
            except csv.Error as problem:
                raise InventoryInvalid(f"inventory csv:{source}: line {lines.line_num + 1}: {problem}") from problem
    except OSError as problem:
        raise InventoryInvalid(f"inventory csv:{source}: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise InventoryInvalid(f"inventory csv:{source}: {problem}") from problem
    _check_names(source, found)
    devices = tuple(device for _, device in found)
    return EntityBatch(devices=devices, origin=f"csv:{path.resolve()}", complete=True)


def dump_csv(batch: EntityBatch, target: Path) -> None:
    """Write the devices with their own values; groups keep their names only.

    Raises:
        UsageError: the name of a group cannot stand in such a file.
    """
    facts = dict(sorted(_fact_columns(batch.devices).items()))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *facts.values()])
        writer.writeheader()
        writer.writerows(dict(_cells(device, facts)) for device in batch.devices)


def _fact_columns(devices: Iterable[NewDevice]) -> dict[str, str]:
    """The column of each fact: one of JSON where text would not say what a value is."""
    columns: dict[str, str] = {}
    for device in devices:
        for key, fact in device.facts.items():
            columns.setdefault(key, f"{_FACT}{key}{_JSON}" if key.endswith(_JSON) else f"{_FACT}{key}")
            if not _says_itself(fact):
                columns[key] = f"{_FACT}{key}{_JSON}"
    return columns


def _says_itself(fact: JsonValue) -> bool:
    return isinstance(fact, list | dict) or (isinstance(fact, str) and fact != "" and fact[0] not in "[{")


def _check_columns(source: str, columns: Iterable[str]) -> None:
    seen = set()
    for number, column in enumerate(columns, start=1):
        where = f"inventory csv:{source}: line 1, column {number}"
        if column not in COLUMNS and not column.startswith(_FACT):
            raise InventoryInvalid(f"{where}: unknown column {column!r}; {_hint(column)}")
        if column in seen:
            raise InventoryInvalid(f"{where}: the column {column!r} is there twice")
        seen.add(column)


def _hint(column: str) -> str:
    if ";" in column or "\t" in column:
        return "columns are separated by commas"
    close = get_close_matches(column, COLUMNS, n=1)
    return f"did you mean {close[0]}?" if close else f"a fact is written {_FACT}{column}"


def _check_names(source: str, found: Iterable[tuple[int, NewDevice]]) -> None:
    lines: dict[str, int] = {}
    for number, device in found:
        first = lines.setdefault(device.hostname, number)
        if first != number:
            where = f"inventory csv:{source}: line {number}"
            raise InventoryInvalid(f"{where}: hostname: {device.hostname!r} is on line {first} already")


def _device(source: str, number: int, line: Mapping[str | None, Any]) -> NewDevice:
    where = f"inventory csv:{source}: line {number}"
    if None in line:
        raise InventoryInvalid(f"{where}: it has more cells than the header")
    given: dict[str, Any] = {name: line[name] for name in COLUMNS if line.get(name)}
    if "groups" in given:
        given["groups"] = [name.strip() for name in given["groups"].split(";") if name.strip()]
    cells = {str(name): cell for name, cell in line.items()}
    given["facts"] = dict(_fact(where, name, cell) for name, cell in cells.items() if name.startswith(_FACT) and cell)
    try:
        return NewDevice(**given)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise InventoryInvalid(f"{where}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _fact(where: str, column: str, cell: str) -> tuple[str, JsonValue]:
    key = column.removeprefix(_FACT)
    must = key.endswith(_JSON)
    if not must and cell[0] not in "[{":
        return key, cell
    try:
        return key.removesuffix(_JSON), json.loads(cell)
    except ValueError as problem:
        if must:
            raise InventoryInvalid(f"{where}: {column}: {problem}") from None
        return key, cell


def _cells(device: NewDevice, facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in COLUMNS:
        value = getattr(device, name)
        if name == "groups":
            yield name, ";".join(_group_name(one) for one in value)
        elif value is not None:
            yield name, value.reveal() if isinstance(value, Secret) else str(value)
    for key, fact in device.facts.items():
        plain = isinstance(fact, str) and not facts[key].endswith(_JSON)
        yield facts[key], str(fact) if plain else json.dumps(fact, ensure_ascii=False)


def _group_name(name: str) -> str:
    if ";" in name or name != name.strip():
        raise UsageError(f"the group {name!r} cannot be written as CSV, where names are separated by ';': export yaml")
    return name
