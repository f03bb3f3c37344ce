"""CSV: one line a device.

Columns are the fields of a device; `groups` holds names separated by `;`, and `facts.site` is the fact `site`. Facts
are text, but for objects and lists, which are JSON. An empty cell says nothing.
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
from neops.errors import InventoryInvalid

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


def load_csv(source: str) -> EntityBatch:
    """The devices of a CSV file with a header line, in UTF-8.

    Raises:
        InventoryInvalid: it cannot be read; the message names line and column.
    """
    path = Path(source).expanduser()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            _check_columns(source, lines.fieldnames or ())
            devices = [_device(source, lines.line_num, line) for line in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InventoryInvalid(f"inventory csv:{source}: {problem}") from problem
    return EntityBatch(devices=tuple(devices), origin=f"csv:{path.resolve()}", complete=True)


def dump_csv(batch: EntityBatch, target: Path) -> None:
    """Write the devices with their own values; groups keep their names only."""
    facts = sorted({key for device in batch.devices for key in device.facts})
    columns = [*COLUMNS, *(f"{_FACT}{key}" for key in facts)]
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(dict(_cells(device)) for device in batch.devices)


def _check_columns(source: str, columns: Iterable[str]) -> None:
    for number, column in enumerate(columns, start=1):
        if column not in COLUMNS and not column.startswith(_FACT):
            close = get_close_matches(column, COLUMNS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"a fact is written {_FACT}{column}"
            raise InventoryInvalid(
                f"inventory csv:{source}: line 1, column {number}: unknown column {column!r}; {hint}"
            )


def _device(source: str, number: int, line: Mapping[str | None, Any]) -> NewDevice:
    where = f"inventory csv:{source}: line {number}"
    if None in line:
        raise InventoryInvalid(f"{where}: it has more cells than the header")
    given: dict[str, Any] = {name: line[name] for name in COLUMNS if line.get(name)}
    if "groups" in given:
        given["groups"] = [name.strip() for name in given["groups"].split(";") if name.strip()]
    cells = {str(name): cell for name, cell in line.items()}
    given["facts"] = {
        name[len(_FACT) :]: _fact(cell) for name, cell in cells.items() if name.startswith(_FACT) and cell
    }
    try:
        return NewDevice(**given)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise InventoryInvalid(f"{where}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _fact(cell: str) -> JsonValue:
    if cell[0] in "[{":
        try:
            value: JsonValue = json.loads(cell)
        except ValueError:
            return cell
        return value
    return cell


def _cells(device: NewDevice) -> Iterator[tuple[str, str]]:
    for name in COLUMNS:
        value = getattr(device, name)
        if name == "groups":
            yield name, ";".join(value)
        elif value is not None:
            yield name, value.reveal() if isinstance(value, Secret) else str(value)
    for key, fact in device.facts.items():
        if fact is not None:
            yield f"{_FACT}{key}", fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
