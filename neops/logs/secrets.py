"""Finds known secrets in text, in whatever form a library writes them, and quickly also when they are many."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Iterator
from html import escape
from typing import AnyStr
from urllib.parse import quote, quote_plus

START = 4
"""Characters by which secrets are looked up when they are many; none is shorter."""

MANY = 100
"""Up to so many are looked for one by one: `in` takes 30 ns in a line of a log, and a look at its every place 10 us."""


class KnownSecrets:
    """The secrets in use. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plain: set[str] = set()
        self._forms: dict[str, None] = {}
        self._by_start: dict[str, list[str]] = {}

    def add(self, secret: str) -> None:
        """Look for it from now on, and for how it is written in URLs, JSON, XML, base64, hex and a repr."""
        plain = str.__str__(secret)  # a Secret's own str() is a mask
        if plain in self._plain:
            return
        with self._lock:
            self._plain.add(plain)
            for form in _forms(plain):
                if form not in self._forms:
                    self._forms[form] = None
                    self._by_start.setdefault(form[:START], []).append(form)

    def replaced(self, text: str, mask: str) -> str:
        """The text with the mask for each secret, and one for those that overlap."""
        with self._lock:
            found = [form for form in self._candidates(text) if form in text]
        return _masked(text, found, mask) if found else text

    def replaced_in_bytes(self, data: bytes, mask: str) -> bytes:
        """The same for a file; one that is no text is looked through for the secrets as they are."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            with self._lock:
                found = [form for secret in self._plain if (form := secret.encode(errors="replace")) in data]
            return _masked(data, found, mask.encode()) if found else data
        clean = self.replaced(text, mask)
        return data if clean == text else clean.encode()

    def _candidates(self, text: str) -> Iterable[str]:
        if len(self._forms) <= MANY:
            return self._forms
        starts = {text[at : at + START] for at in range(len(text) - START + 1)}
        return [form for start in starts & self._by_start.keys() for form in self._by_start[start]]


def _masked(text: AnyStr, forms: Iterable[AnyStr], mask: AnyStr) -> AnyStr:
    """The text with the mask for each of the forms that stand in it."""
    parts: list[AnyStr] = []
    at = 0
    for start, end in _places(text, forms):
        parts += text[at:start], mask
        at = end
    parts.append(text[at:])
    return text[:0].join(parts)


def _places(text: AnyStr, forms: Iterable[AnyStr]) -> Iterator[tuple[int, int]]:
    """Where they stand, in order; places that overlap are one."""
    found = sorted((start, start + len(form)) for form in forms for start in _starts(text, form))
    begin, end = found[0]
    for start, stop in found:
        if start >= end:
            yield begin, end
            begin = start
        end = max(end, stop)
    yield begin, end


def _starts(text: AnyStr, form: AnyStr) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _forms(secret: str) -> set[str]:
    encoded = secret.encode(errors="replace")
    return {
        base64.b64encode(encoded).decode(),
        *_in_base64(encoded),
        encoded.hex(),
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        repr(encoded)[2:-1],
        escape(secret, quote=False),
        escape(secret),
    }


def _in_base64(secret: bytes) -> Iterator[str]:
    """How it stands in base64, also in that of a longer text: at each of the three places in a group of three bytes.

    Characters that hold bits of what stands before or after it are left out.
    """
    for before in range(3):
        written = base64.b64encode(bytes(before) + secret).decode()
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        yield written[first:last]
