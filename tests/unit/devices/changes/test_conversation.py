"""What the author of a change is told when his job ends in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from neops.concurrency import Deadline
from neops.devices import Configs
from neops.devices.calls import Operation
from neops.devices.changes.conversation import Conversation
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.devices.lanes import Lanes
from neops.devices.logins import Route
from neops.errors import SessionLost

OLD, NEW = "hostname r1\n", "hostname r2\n"


class Device:
    """A session and its lane. An abort breaks the session in the middle of a commit, before the author is cancelled."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.running = OLD

    @asynccontextmanager
    async def hold(self, _operation: Operation) -> AsyncIterator[Device]:
        yield self

    async def call(self, method: str, *args: Any, commands: int = 1) -> Any:
        return getattr(self, method)(*args)

    async def renew(self) -> None:
        if self.operation.interrupted is not None:
            raise self.operation.interrupted

    def outlive(self, _until: Deadline) -> None:
        self.operation.interrupted = None

    def prepare_change(self, plan: ChangePlan) -> StagedChange:
        return StagedChange(plan=plan, diff=f"-{OLD}+{NEW}", before=OLD)

    def commit_change(self, _staged: StagedChange, _confirm_within: float | None) -> None:
        self.running = NEW
        self.operation.interrupted = SessionLost("r1", "change was aborted: its job was aborted")
        raise SessionLost("r1", "the server closed the session")

    def get_config(self, _retrieve: str) -> Configs:
        return Configs(running=self.running)

    def revert_change(self, _staged: StagedChange) -> None:
        self.running = OLD

    def discard_change(self, _plan: ChangePlan) -> None:
        return None


async def test_a_session_that_breaks_because_of_an_abort_is_told_as_the_abort() -> None:
    operation = Operation(
        route=cast(
            "Route", SimpleNamespace(name="r1", options=SimpleNamespace(command_timeout_s=60.0, commit_timeout_s=60.0))
        ),
        method="change",
        alone=False,
    )
    device = Device(operation)
    plan = ChangePlan(name="neops-1", config=NEW, mode="replace")
    loop = asyncio.get_running_loop()
    conversation = Conversation(operation, plan, cast("Lanes", device), loop, clock=loop.time)
    serving = asyncio.create_task(conversation.run(set()))
    await asyncio.wrap_future(conversation.ask("begin"))

    with pytest.raises(SessionLost, match="its job was aborted"):
        await asyncio.wrap_future(conversation.ask("commit", 30.0))
    conversation.end()
    await serving

    assert device.running == OLD
