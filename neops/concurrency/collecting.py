"""How often CPython looks for garbage: a choice of processes, not of libraries."""

from __future__ import annotations

import gc
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 10)
"""Thresholds of `gc.set_threshold`. Each session leaves some hundred objects that stay: with CPython 3.11's defaults
(700, 10, 10), looking through them took a seventh of the processor time of 500 logins."""


def collect_rarely() -> None:
    """Look for garbage less often in this process. For entry points, once; nearly all goes without being looked for."""
    gc.set_threshold(*COLLECT_AFTER)
