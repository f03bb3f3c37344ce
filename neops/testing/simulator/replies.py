"""What a shell gives back for a line, and what it waits for. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reply:
    text: str = ""
    failed: bool = False
    """The device answered with its error text."""
    closes: bool = False
    """The session is over."""
    reboots: bool = False
    """The device goes down."""


@dataclass(frozen=True, kw_only=True)
class Question:
    prompt: str
    answer: Callable[[str], Reply]
    secret: bool = False
