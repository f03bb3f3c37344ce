"""Keeps secrets out of what is written down."""

from __future__ import annotations

from neops.logs import MASK, Redactor


class Cleaning:
    """Cleans JSON data, keys as well: a device may print a secret where we see a name.

    A long output stands in a line twice, and is cleaned once.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._seen: dict[tuple[str, str], object] = {}

    def clean(self, value: object, name: str) -> object:
        match value:
            case str():
                if (value, name) not in self._seen:
                    self._seen[value, name] = self._redactor.clean(value, name)
                return self._seen[value, name]
            case dict() | list() if self._redactor.clean(True, name) is not True:
                return MASK  # all that stands under a secret's name is one
            case dict():
                return {self._redactor.redact(key): self.clean(item, key) for key, item in value.items()}
            case list():
                return [self.clean(item, "") for item in value]
        return self._redactor.clean(value, name)
