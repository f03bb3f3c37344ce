"""The SQL that differs between databases, in one place. Today: SQLite's JSON functions (3.38 or newer)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func


def json_values(
    column: ColumnElement[Any], path: str, test: Callable[[ColumnElement[Any]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Whether a value at the dotted path of a JSON column passes the test; of a list, any of its values.

    JSON's true and false compare as the words `true` and `false`.
    """
    each = func.json_each(column, json_path(path)).table_valued("value", "type")
    value = case((each.c.type.in_(("true", "false")), each.c.type), else_=each.c.value)
    return exists().where(each.c.type != "null", test(value)).select_from(each)


def json_path(path: str) -> str:
    """`role.site` as the path that SQLite's JSON functions take: `$."role"."site"`."""
    return "$" + "".join(f".{json.dumps(part, ensure_ascii=False)}" for part in path.split("."))
