"""The testing toolkit: prove blocks without devices.

Names are imported when they are used, so that the pytest plugin costs nothing where no test needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

_MODULES = {
    "neops.testing.cases": ("Case", "CaseResult", "fb_test_case", "run_case"),
    "neops.testing.context": ("create_workflow_context",),
    "neops.testing.fake_config": ("FakeConfig",),
    "neops.testing.fakes": ("Call", "FakePlugin", "InTurn", "NotScripted", "Slow"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
