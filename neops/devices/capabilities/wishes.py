"""Capabilities as types: which ones a class has or a wish joins, and which methods they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast


@cache
def capabilities_of(session_or_wish: type) -> frozenset[type]:
    """The single capabilities that a session class implements or that a composed capability asks for.

    A capability is a Protocol that declares methods of its own; a Protocol that only joins others counts as those.
    """
    return frozenset(base for base in session_or_wish.__mro__ if _is_capability(base))


def _is_capability(candidate: type) -> bool:
    declares = any(callable(value) and not name.startswith("_") for name, value in vars(candidate).items())
    return bool(getattr(candidate, "_is_protocol", False)) and declares and candidate.__module__ != "typing"


@cache
def methods_of(capability: type) -> frozenset[str]:
    """Names of the methods that a capability, single or composed, offers."""
    return frozenset(
        name
        for single in capabilities_of(capability)
        for name, value in cast("Mapping[str, Any]", vars(single)).items()
        if callable(value) and not name.startswith("_")
    )
