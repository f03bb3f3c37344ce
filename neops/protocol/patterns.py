"""The three shapes of name on the wire."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

RESERVED_LABELS = frozenset({"parameters", "context", "steps"})

# ASCII as in ECMAScript, whose \w every other peer means.
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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


Label = Annotated[str, AfterValidator(_checked_label)]
"""A step's label: expressions find the step's results under it."""

NamePart = Annotated[str, Field(pattern=r"\A[^/:]+\z")]
"""A package or a name: one or more characters other than `/` and `:`."""

SemverRefText = Annotated[str, Field(pattern=r"\A[^/:]+/[^/:]+:[0-9]+(\.[0-9]+){0,2}\z")]
"""`package/name:major[.minor[.patch]]`."""
