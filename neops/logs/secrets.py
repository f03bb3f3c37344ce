"""Finds known secrets in text, in whatever form a library writes them, and quickly also when they are many."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from html import escape
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
        """Look for it from now on, and for how it is written in URLs, JSON, XML and a repr."""
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
        """The text with the mask for each secret; the longer of two wins."""
        with self._lock:
            found = [form for form in self._candidates(text) if form in text]
        for form in sorted(found, key=len, reverse=True):
            text = text.replace(form, mask)
        return text

    def replaced_in_bytes(self, data: bytes, mask: str) -> bytes:
        """The same for a file; one that is no text is looked through for the secrets as they are."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            with self._lock:
                found = [form for secret in self._plain if (form := secret.encode()) in data]
            for form in sorted(found, key=len, reverse=True):
                data = data.replace(form, mask.encode())
            return data
        clean = self.replaced(text, mask)
        return data if clean == text else clean.encode()

    def _candidates(self, text: str) -> Iterable[str]:
        if len(self._forms) <= MANY:
            return self._forms
        starts = {text[at : at + START] for at in range(len(text) - START + 1)}
        return [form for start in starts & self._by_start.keys() for form in self._by_start[start]]


def _forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        repr(secret.encode(errors="replace"))[2:-1],
        escape(secret, quote=False),
        escape(secret),
    }
