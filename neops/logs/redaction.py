"""Keeps secrets out of text: those known to be in use, and what looks like one."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, cast

from neops.logs.formats import fields_of
from neops.logs.secrets import KnownSecrets
from neops.logs.shapes import NAMES, without_shapes

MASK = "********"

MIN_LENGTH = 4
"""Shorter values are not redacted: replacing every "no" would make the text useless and give the secret away."""

WORD_LENGTH = 12
"""A shorter secret of letters alone stays in data: `admin` and `cisco` stand there for other things, too."""

_SENSITIVE_FIELD = re.compile(rf"(?:^|[_\-.])(?:{NAMES})$", re.IGNORECASE)
_BGP_COMMUNITY = re.compile(r"(?<!snmp)(?<!snmp[_-])(?<!r[ow][_-])community$", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"private[_-]?key$", re.IGNORECASE)

T = TypeVar("T")


class Redactor:
    """Replaces the secrets it was told about, and text that has the form of one, by a mask.

    One per process, made by the entry point and handed to whoever learns a secret. Safe to use from any thread.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known, self._known_in_data = KnownSecrets(), KnownSecrets()
        self.add(*secrets)

    def add(self, *secrets: str | None) -> None:
        """Mask these from now on, in their URL, JSON and repr forms too. Values under MIN_LENGTH are passed over."""
        for secret in secrets:
            if secret is not None and len(secret) >= MIN_LENGTH:
                self._known.add(secret)
                if len(secret) >= WORD_LENGTH or not secret.isalpha():
                    self._known_in_data.add(secret)

    def learn(self, fields: object) -> None:
        """Mask from now on what stands in fields with a secret's name, however deep in mappings and lists."""
        self.add(*_secrets_in(fields, ""))

    def redact(self, text: str) -> str:
        """The text with every secret replaced by the mask."""
        return without_shapes(self._known.replaced(text, MASK), MASK)

    def clean(self, value: object, name: str = "") -> object:
        """A value for output: strings redacted, containers walked, fields with a secret's name masked."""
        if _SENSITIVE_FIELD.search(name) and value is not None:
            return MASK
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self._clean_key(key): self.clean(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(item) for item in value]
        return self.redact(str(value))

    def _clean_key(self, key: object) -> object:
        """What JSON takes as a key."""
        return key if key is None or isinstance(key, int | float) else self.redact(str(key))

    def mask(self, value: T) -> T:
        """JSON data with known secrets masked, and everything else as it was; a `Secret` stays what it is.

        Unlike `redact` it touches nothing that merely looks like a secret: data is worked with, not only read.
        """
        return cast("T", self._masked(value))

    def mask_bytes(self, data: bytes) -> bytes:
        """The same for a file."""
        return self._known_in_data.replaced_in_bytes(data, MASK)

    def _masked(self, value: object) -> object:
        if type(value) is str:
            return self._known_in_data.replaced(value, MASK)
        if isinstance(value, Mapping):
            return {self._masked(key): self._masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._masked(item) for item in value]
        return value


def _secrets_in(fields: object, name: str) -> Iterator[str]:
    if isinstance(fields, Mapping):
        for key, value in fields.items():
            yield from _secrets_in(value, str(key))
    elif isinstance(fields, list | tuple):
        for value in fields:
            yield from _secrets_in(value, name)
    elif isinstance(fields, str) and _SENSITIVE_FIELD.search(name) and not _means_no_secret(name, fields):
        yield fields


def _means_no_secret(name: str, value: str) -> bool:
    """A community of routes; the file that a private key is in, which an operator has to know."""
    return bool(_BGP_COMMUNITY.search(name) or (_PRIVATE_KEY.search(name) and "PRIVATE KEY" not in value))


class RedactionFilter(logging.Filter):
    """Cleans a record before a handler formats it: message, extra fields, traceback."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = self._redactor.redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        for name in ("exc_text", "stack_info"):
            if text := getattr(record, name):
                setattr(record, name, self._redactor.redact(text))
        for name, value in fields_of(record).items():
            setattr(record, name, self._redactor.clean(value, name))
        return True


def install(redactor: Redactor, logger: logging.Logger | None = None) -> None:
    """Attach the redactor to all handlers that the logger (the root by default) has now."""
    for handler in (logger or logging.getLogger()).handlers:
        handler.addFilter(RedactionFilter(redactor))
