from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from neops.blocks import (
    BlockOutcome,
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    register_function_block,
)
from neops.blocks.tools import find_tool
from neops.errors import UsageError


class Connection:
    """A connection of somebody's Nornir plugin."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def using(use: Callable[[Any], None], registration: Callable[..., Registration]) -> Any:
    @register_function_block(registration(param_cls=FunctionBlockParams, result_cls=FunctionBlockResultData))
    class Block(FunctionBlock[FunctionBlockParams, FunctionBlockResultData]):
        def run(self, params: Any, context: Any) -> FunctionBlockResult[Any]:
            use(context)
            return FunctionBlockResult(success=True)

    return Block


def leave_open(connection: Connection, runs: list[Any]) -> Callable[[Any], None]:
    def use(context: Any) -> None:
        nornir = context.nornir()
        nornir.inventory.hosts["r1"].connections["theirs"] = connection
        runs.append(nornir)

    return use


def fail(context: Any) -> None:
    raise ValueError("broken")


@pytest.mark.parametrize("then", [lambda context: None, fail])
def test_connections_that_a_block_leaves_open_are_closed_however_it_ends(
    then: Callable[[Any], None], execute: Callable[..., BlockOutcome], registration: Callable[..., Registration]
) -> None:
    connection, runs = Connection(), list[Any]()

    def use(context: Any) -> None:
        leave_open(connection, runs)(context)
        then(context)

    execute(using(use, registration))

    assert connection.closed.is_set()
    assert runs[0].run(task=lambda task: None, name="late")["r1"].failed


def test_a_library_that_is_missing_is_said_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nornir.core", None)
    monkeypatch.delitem(sys.modules, "neops_cms_inventory.fleet", raising=False)

    with pytest.raises(UsageError, match=r"context\.nornir\(\) needs nornir\.core.*pip install 'neops\[nornir\]'"):
        find_tool("nornir")


def test_a_tool_that_nobody_brings_is_named() -> None:
    with pytest.raises(UsageError, match=r"no neops\.context_tools named 'abacus' is installed"):
        find_tool("abacus")
