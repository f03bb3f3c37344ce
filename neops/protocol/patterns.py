"""The three shapes of name on the wire."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

RESERVED_LABELS = frozenset({"parameters", "context", "steps"})

# ASCII, as in ECMAScript, whose \w every other peer means.
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL_SCHEMA = "^(?!(parameters|context|steps)$)[A-Za-z_][A-Za-z0-9_]*$"


def label_problem(text: str) -> str | None:
    """Why `text` cannot be a step's label, None when it can."""
    if text in RESERVED_LABELS:
        return f"{text!r} is a reserved name"
    if not _LABEL.fullmatch(text):
        return f"{text!r} is not a label: a letter or '_', then letters, digits and '_'"
    return None


def _checked_label(text: str) -> str:
    if problem := label_problem(text):
        raise ValueError(problem)
    return text


# The pattern is for readers of the JSON schema; pydantic's own regular expressions know no look-ahead.
Label = Annotated[str, AfterValidator(_checked_label), WithJsonSchema({"type": "string", "pattern": _LABEL_SCHEMA})]
"""A step's label: expressions find the step's results under it."""

NAME_PART_PATTERN = "^[^/:]+$"
SEMVER_REF_PATTERN = r"^[^/:]+/[^/:]+:[0-9]+(\.[0-9]+){0,2}$"

NamePart = Annotated[str, Field(pattern=NAME_PART_PATTERN)]
"""A package or a name: one or more characters other than `/` and `:`."""

SemverRefText = Annotated[str, Field(pattern=SEMVER_REF_PATTERN)]
"""`package/name:major[.minor[.patch]]`."""
