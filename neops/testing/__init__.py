"""The testing toolkit: prove blocks without devices.

Names are imported when they are used, so that the pytest plugin costs nothing where no test needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neops._lazily import lazily

if TYPE_CHECKING:
    from neops.testing.cases import Case, CaseResult, fb_test_case, run_case
    from neops.testing.context import create_workflow_context
    from neops.testing.fake_config import FakeConfig
    from neops.testing.fakes import Call, FakePlugin, InTurn, NotScripted, Slow

__all__ = [
    "Call",
    "Case",
    "CaseResult",
    "FakeConfig",
    "FakePlugin",
    "InTurn",
    "NotScripted",
    "Slow",
    "create_workflow_context",
    "fb_test_case",
    "run_case",
]

if not TYPE_CHECKING:  # type checkers see the imports above, and names that are none
    __getattr__, __dir__ = lazily(
        __name__, __all__, [f"{__name__}.{room}" for room in ("context", "fakes", "fake_config", "cases")]
    )
