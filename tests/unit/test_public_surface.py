from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import neops
import neops.concurrency
import neops.devices
import neops.testing

AUTHOR_NAMES = {
    *("AcquireByQuery", "AcquireFromContext", "BlockFailed", "BlockingDetector", "ConnectionState", "Device"),
    *("DeviceError", "DeviceGroup", "EntityReference", "EntityType", "FunctionBlock", "FunctionBlockAcquireResult"),
    *("FunctionBlockParams", "FunctionBlockResult", "FunctionBlockResultData", "FunctionBlockRollbackResult"),
    *("FunctionBlockType", "Interface", "InterfaceState", "JobInfo", "NeopsError", "ParallelFailed", "Platform"),
    *("Registration", "Secret", "WorkflowContext", "__version__", "register_function_block", "run_in_thread"),
    *("DeviceOutcome", "DeviceOutcomes", "Outcome", "group_result", "run_parallel", "schedule_task"),
}
"""Taking one away breaks blocks that exist: that needs a major version."""

TEST_NAMES = {
    *("Call", "Case", "CaseResult", "FakeConfig", "FakePlugin", "InTurn", "NotScripted", "Slow"),
    *("create_workflow_context", "fb_test_case", "run_case"),
}


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_the_names_for_authors_are_these_and_no_others() -> None:
    assert set(neops.__all__) == AUTHOR_NAMES


def test_the_names_for_tests_are_these_and_no_others() -> None:
    assert set(neops.testing.__all__) == TEST_NAMES


def test_every_name_can_be_imported() -> None:
    assert all(getattr(neops, name) is not None for name in neops.__all__)
    assert all(getattr(neops.testing, name) is not None for name in neops.testing.__all__)


def names_for_type_checkers(package: ModuleType) -> dict[str, object]:
    """What a package imports under TYPE_CHECKING, really imported."""
    source = ast.parse(Path(str(package.__file__)).read_text("utf-8"))
    imports = [node for block in source.body if isinstance(block, ast.If) for node in block.body]
    return {
        alias.name: getattr(import_module(str(node.module)), alias.name)
        for node in imports
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("package", [neops, neops.devices, neops.testing], ids=lambda package: package.__name__)
def test_a_name_is_when_it_runs_what_type_checkers_take_it_for(package: ModuleType) -> None:
    seen = names_for_type_checkers(package)

    assert set(package.__all__) - {"__version__"} == set(seen)
    assert {name: getattr(package, name) for name in seen} == seen
    assert dir(package) == sorted(package.__all__)


def test_concurrency_has_the_names_that_blocks_import_from_it() -> None:
    assert {"run_in_thread", "run_parallel", "schedule_task", "BlockingDetector"} <= set(neops.concurrency.__all__)


def test_importing_neops_loads_no_room_of_it() -> None:
    loaded = {name for name in modules_after("import neops") if name.startswith("neops.")}

    assert loaded == {"neops._lazily", "neops._version"}


def test_a_block_that_says_what_it_asks_of_a_device_carries_no_way_to_one() -> None:
    loaded = modules_after("from neops import FunctionBlock, WorkflowContext; from neops.devices import ReadsFacts")

    ways = {f"neops.devices.{room}" for room in ("runtime", "proxy", "pool", "logins", "parsing", "changes", "acting")}
    assert not loaded & {*ways, "neops.settings", "stevedore"}


def test_a_block_needs_no_vendor_library_and_neither_engine_nor_worker() -> None:
    loaded = modules_after("from neops import *; from neops.devices import *")

    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & {"scrapli", "napalm", "netmiko", "nornir", "paramiko", "asyncssh", "aiohttp", "sqlalchemy"}
    assert not loaded & {"neops.engine", "neops.worker", "neops.cms", "neops.testing", "neops.protocol"}


def test_the_pytest_plugin_loads_nothing_before_a_fixture_is_used() -> None:
    loaded = modules_after("import neops.testing.pytest_plugin")

    assert not loaded & {"neops.devices", "neops.blocks", "neops.worker", "pydantic"}
