"""The pytest plugin that comes with neops: fixtures for tests of blocks. It imports nothing until one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from neops.devices import ConnectionPlugin, DeviceRuntime
    from neops.testing import CaseResult
    from neops.testing.fakes import Script


@pytest.fixture
def fake_devices() -> Iterator[Callable[..., DeviceRuntime]]:
    """Devices that answer from a script, behind the real device runtime: `fake_devices(replies={...})`.

    Takes a plugin, or what `FakePlugin` takes. The runtime is a `connector`; it stops at the end of the test.
    """
    from neops.devices import DeviceRuntime, PluginCatalogue
    from neops.testing import FakePlugin

    with ExitStack() as stack:

        def start(plugin: ConnectionPlugin | Script | None = None, **script: Any) -> DeviceRuntime:
            if isinstance(plugin, Mapping):
                plugin = FakePlugin(plugin, **script)
            elif plugin is None:
                plugin = FakePlugin(**script)
            return stack.enter_context(DeviceRuntime(catalogue=PluginCatalogue.of(plugin)))

        yield start


@pytest.fixture
def run_block() -> Callable[..., CaseResult]:
    """Run a block the way a worker does: `run_block(ShowVersion, params={...}, replies={...})`. See `Case`."""
    from neops.testing import Case, run_case

    return lambda block, **case: run_case(block, Case(**case))
