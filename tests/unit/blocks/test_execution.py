from __future__ import annotations

import asyncio
import ipaddress
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from neops.blocks import (
    AcquireByQuery,
    BlockJob,
    BlockOutcome,
    FunctionBlock,
    FunctionBlockAcquireResult,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    FunctionBlockRollbackResult,
    JobInfo,
    JobKind,
    JobPorts,
    Registration,
    WorkflowContext,
    execute_block,
    register_function_block,
)
from neops.concurrency import Deadline, run_in_thread, run_parallel, schedule_task
from neops.entities import EntityPatch
from neops.errors import BlockFailed, Unreachable

Execute = Callable[..., BlockOutcome]
Register = Callable[..., Registration]


class Result(FunctionBlockResultData):
    value: Any = None


class SiteParams(FunctionBlockParams):
    site: str
    count: int = 1


Body = Callable[[Any, WorkflowContext], Any]


@pytest.fixture
def block(registration: Register) -> Callable[..., Any]:
    """A block class around a function: `block(body)`."""

    def make(body: Body, **different: Any) -> Any:
        @register_function_block(registration(param_cls=SiteParams, result_cls=Result, **different))
        class Probe(FunctionBlock[SiteParams, Result]):
            async def run(self, params: SiteParams, context: WorkflowContext) -> FunctionBlockResult[Result]:
                answer = body(params, context)
                result: FunctionBlockResult[Result] = await answer if asyncio.iscoroutine(answer) else answer
                return result

        return Probe

    return make


@pytest.fixture
def run(block: Callable[..., Any], execute: Execute) -> Callable[[Body], BlockOutcome]:
    return lambda body: execute(block(body), parameters={"site": "zrh"})


def ok(value: Any = None) -> FunctionBlockResult[Result]:
    return FunctionBlockResult(success=True, message="fine", data=Result(value=value))


def test_a_success_carries_its_data_and_its_changes(run: Callable[[Body], BlockOutcome]) -> None:
    def body(params: SiteParams, context: WorkflowContext) -> Any:
        context.device.software_release = "17.9"
        return ok(params.site)

    outcome = run(body)

    assert (outcome.status, outcome.success, outcome.message) == ("success", True, "fine")
    assert outcome.data == {"value": "zrh"}
    assert [(u.path, u.value) for u in outcome.updates if isinstance(u, EntityPatch)] == [("software_release", "17.9")]
    assert outcome.error is None
    assert outcome.duration_s > 0


def test_a_failed_result_is_a_failure_without_an_error_and_without_changes(
    run: Callable[[Body], BlockOutcome],
) -> None:
    def body(_: SiteParams, context: WorkflowContext) -> Any:
        context.device.software_release = "17.9"
        return FunctionBlockResult(success=False, message="wrong version", data=Result(value=1), retryable=False)

    outcome = run(body)

    assert (outcome.status, outcome.message, outcome.retryable) == ("failed", "wrong version", False)
    assert outcome.data == {"value": 1}
    assert outcome.error is None
    assert outcome.updates == ()


def test_block_failed_is_a_failure_and_not_an_error(run: Callable[[Body], BlockOutcome]) -> None:
    def body(*_: Any) -> Any:
        raise BlockFailed("BGP is down", retryable=True)

    outcome = run(body)

    assert (outcome.success, outcome.message, outcome.retryable, outcome.error) == (False, "BGP is down", True, None)


def test_a_device_error_is_one_clear_line_without_a_traceback(run: Callable[[Body], BlockOutcome]) -> None:
    def body(*_: Any) -> Any:
        raise Unreachable("r1", "nothing answers on 192.0.2.7 port 22")

    outcome = run(body)

    assert outcome.message == "r1: nothing answers on 192.0.2.7 port 22"
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.traceback, outcome.error.retryable) == ("Unreachable", None, True)


def test_what_was_noted_on_an_error_is_told(run: Callable[[Body], BlockOutcome]) -> None:
    def body(*_: Any) -> Any:
        error = Unreachable("r1", "nothing answers")
        error.add_note("r1: the change could not be taken back")
        raise error

    assert run(body).message == "r1: nothing answers; r1: the change could not be taken back"


def test_an_error_shows_the_traceback_from_the_authors_line_on(run: Callable[[Body], BlockOutcome]) -> None:
    def body(*_: Any) -> Any:
        return {"there": 1}["missing"]

    outcome = run(body)

    line = body.__code__.co_firstlineno + 1
    assert outcome.message == f"KeyError: 'missing' ({__file__}, line {line})"
    assert outcome.error is not None
    assert outcome.error.traceback is not None
    assert 'return {"there": 1}["missing"]' in outcome.error.traceback
    assert "neops/blocks" not in outcome.error.traceback


def test_a_result_that_its_model_refuses_names_field_and_line_on_one_line(run: Callable[[Body], BlockOutcome]) -> None:
    def body(*_: Any) -> Any:
        return FunctionBlockResult(success=True, message={"no": "text"})

    message = str(run(body).message)

    assert message.startswith("ValidationError: FunctionBlockResult: message: Input should be a valid string (")
    assert "\n" not in message


def test_what_was_noted_on_a_refused_model_is_told_too(run: Callable[[Body], BlockOutcome]) -> None:
    def body(*_: Any) -> Any:
        try:
            return FunctionBlockResult(success="perhaps")
        except ValidationError as error:
            error.add_note("r1: in get_facts of the plugin fake")
            raise

    message = str(run(body).message)

    assert message.startswith("ValidationError: FunctionBlockResult: success: Input should be a valid boolean")
    assert "; r1: in get_facts of the plugin fake (" in message


def test_a_forgotten_await_is_guessed(run: Callable[[Body], BlockOutcome]) -> None:
    async def facts() -> None: ...

    def body(*_: Any) -> Any:
        waiting = facts()
        try:
            return waiting.os_version  # type: ignore[attr-defined]  # the mistake
        finally:
            waiting.close()

    assert "is an await missing?" in str(run(body).message)


class BrokenStr(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        RecursionError(),
        BrokenStr(),
        StopIteration(),
        asyncio.CancelledError(),
        TimeoutError(),
        BaseExceptionGroup("many", [SystemExit(1), ValueError("x")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_is_raised_becomes_an_error(error: BaseException, run: Callable[[Body], BlockOutcome]) -> None:
    async def body(*_: Any) -> Any:
        raise error

    outcome = run(body)

    assert not outcome.success
    assert outcome.error is not None


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), StopIteration("x")], ids=repr)
def test_whatever_a_blocking_run_raises_becomes_an_error(
    error: BaseException, registration: Register, execute: Execute
) -> None:
    @register_function_block(registration())
    class Blocking(FunctionBlock):
        def run(self, params: Any, context: WorkflowContext) -> FunctionBlockResult:
            raise error

    outcome = execute(Blocking)

    assert outcome.error is not None


@pytest.mark.parametrize("returned", [None, True, {"success": True}], ids=repr)
def test_a_wrong_return_value_is_an_error_that_names_the_method(
    returned: object, run: Callable[[Body], BlockOutcome]
) -> None:
    outcome = run(lambda *_: returned)

    assert outcome.error is not None
    assert "Probe.run returned" in str(outcome.message)
    assert "return a FunctionBlockResult" in str(outcome.message)


def test_data_of_another_model_is_an_error(run: Callable[[Body], BlockOutcome]) -> None:
    outcome = run(lambda *_: FunctionBlockResult(success=True, data=FunctionBlockResultData()))

    assert "its result_cls is Result" in str(outcome.message)


def test_values_with_a_standard_form_become_json(run: Callable[[Body], BlockOutcome]) -> None:
    value = {
        "when": datetime(2026, 1, 2, tzinfo=UTC),
        "id": UUID(int=1),
        "ip": ipaddress.ip_address("192.0.2.1"),
        "vlans": {30, 10},
    }

    outcome = run(lambda *_: ok(value))

    assert outcome.data == {
        "value": {
            "when": "2026-01-02T00:00:00Z",
            "id": "00000000-0000-0000-0000-000000000001",
            "ip": "192.0.2.1",
            "vlans": [10, 30],
        }
    }


def test_a_value_without_a_json_form_is_an_error_that_names_the_field(run: Callable[[Body], BlockOutcome]) -> None:
    outcome = run(lambda *_: ok({"rows": [1, object()]}))

    assert outcome.message == "data.value.rows[1] is of type object, which has no JSON form"
    assert outcome.error is not None
    assert outcome.error.retryable is False


def test_a_fact_without_a_json_form_is_an_error_that_names_device_and_field(
    run: Callable[[Body], BlockOutcome],
) -> None:
    def body(_: SiteParams, context: WorkflowContext) -> Any:
        context.device.facts["probe"] = object()  # type: ignore[assignment]  # what an author may do all the same
        return ok()

    outcome = run(body)

    assert "device r1: facts.probe" in str(outcome.message)


def test_a_password_in_the_data_is_masked(run: Callable[[Body], BlockOutcome]) -> None:
    outcome = run(lambda _, context: ok([context.device.password]))

    assert "hunter2" not in str(outcome.data)


def test_missing_parameters_are_named(block: Callable[..., Any], execute: Execute) -> None:
    outcome = execute(block(lambda *_: ok()), parameters={"count": "many"})

    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.retryable) == ("ParametersInvalid", False)
    assert "site: Field required" in outcome.error.message
    assert "count: Input should be a valid integer" in outcome.error.message


def test_an_undeclared_parameter_is_ignored_with_a_warning_that_names_it(
    block: Callable[..., Any], execute: Execute, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = execute(block(lambda *_: ok()), parameters={"site": "zrh", "colour": "red"})

    assert outcome.success
    (record,) = caplog.records
    assert record.__dict__["parameter"] == "colour"
    assert record.__dict__["block"] == "fb.test.io/probe:1.0.0"


def test_an_entity_that_is_not_in_the_context_is_an_error(block: Callable[..., Any], execute: Execute) -> None:
    outcome = execute(block(lambda *_: ok()), parameters={"site": "zrh"}, entity_id=99)

    assert outcome.message == "the job runs on device 99, which is not in its context"


def test_a_refused_change_is_logged_and_the_rest_is_kept(
    run: Callable[[Body], BlockOutcome], caplog: pytest.LogCaptureFixture
) -> None:
    def body(_: SiteParams, context: WorkflowContext) -> Any:
        context.device.interface_count = 5
        context.device.model = "ASR1001"
        return ok()

    outcome = run(body)

    assert [update.path for update in outcome.updates if isinstance(update, EntityPatch)] == ["model"]
    assert [record.__dict__["reason"] for record in caplog.records] == ["device r1: interface_count is read-only"]


def test_an_ordinary_run_works_in_a_thread(registration: Register, execute: Execute) -> None:
    threads: list[threading.Thread] = []

    @register_function_block(registration())
    class Blocking(FunctionBlock):
        def run(self, params: Any, context: WorkflowContext) -> FunctionBlockResult:
            threads.append(threading.current_thread())
            return FunctionBlockResult(success=True)

    outcome = execute(Blocking)

    assert outcome.success
    assert threads != [threading.current_thread()]


def test_a_run_decorated_with_run_in_thread_works(registration: Register, execute: Execute) -> None:
    @register_function_block(registration())
    class Blocking(FunctionBlock):
        @run_in_thread
        def run(self, params: Any, context: WorkflowContext) -> FunctionBlockResult:
            return FunctionBlockResult(success=True)

    assert execute(Blocking).success


def test_the_deadline_ends_the_block(block: Callable[..., Any], execute: Execute) -> None:
    ended = []

    async def body(_: SiteParams, context: WorkflowContext) -> Any:
        context.artifacts.save("partial.txt", "so far")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    info = JobInfo(id="job-1", deadline=Deadline.after(0.05))
    outcome = execute(block(body), parameters={"site": "zrh"}, info=info)

    assert outcome.error is not None
    assert outcome.error.type == "JobTimedOut"
    assert [artifact.name for artifact in outcome.artifacts] == ["partial.txt"]
    assert ended == [True]


def test_a_job_whose_deadline_is_over_does_not_start(block: Callable[..., Any], execute: Execute) -> None:
    started = []
    info = JobInfo(id="job-1", deadline=Deadline.after(0))

    outcome = execute(block(lambda *_: started.append(True)), parameters={"site": "zrh"}, info=info)

    assert outcome.error is not None
    assert started == []


async def test_cancelling_the_job_cancels_the_block_and_comes_out(
    block: Callable[..., Any], job: Callable[..., BlockJob], ports: JobPorts
) -> None:
    started, ended = asyncio.Event(), []

    async def body(*_: Any) -> Any:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    task = asyncio.create_task(execute_block(job(block(body), parameters={"site": "zrh"}), ports))
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_a_block_that_swallows_its_cancellation_does_not_hide_it(
    block: Callable[..., Any], job: Callable[..., BlockJob], ports: JobPorts
) -> None:
    started = asyncio.Event()

    async def body(*_: Any) -> Any:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return ok()

    task = asyncio.create_task(execute_block(job(block(body), parameters={"site": "zrh"}), ports))
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_block_that_never_ends_is_left_behind_with_a_warning(
    block: Callable[..., Any],
    job: Callable[..., BlockJob],
    ports: JobPorts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sys.modules["neops.blocks.execution"], "GRACE_S", 0.01)
    release = asyncio.Event()

    async def body(*_: Any) -> Any:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    info = JobInfo(id="job-1", deadline=Deadline.after(0.01))
    outcome = await execute_block(job(block(body), parameters={"site": "zrh"}, info=info), ports)
    release.set()

    assert outcome.error is not None
    assert "a block ignores its cancellation and still runs" in caplog.messages


async def test_background_tasks_end_with_the_job(
    block: Callable[..., Any], job: Callable[..., BlockJob], ports: JobPorts
) -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def body(*_: Any) -> Any:
        tasks.append(schedule_task(asyncio.sleep(60)))
        return ok()

    await execute_block(job(block(body), parameters={"site": "zrh"}), ports)

    assert tasks[0].cancelled()


def test_parallel_device_errors_are_told_together(run: Callable[[Body], BlockOutcome]) -> None:
    async def reach(name: str) -> None:
        raise Unreachable(name, "nothing answers")

    outcome = run(lambda *_: run_parallel(reach, ["r1", "r2"]))

    assert outcome.message == "r1: nothing answers; r2: nothing answers"
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.traceback) == ("Unreachable", None)


class NeedsSite(SiteParams):
    from_step: str
    limit: int = 5


def test_acquire_sees_what_is_known_and_what_is_not(registration: Register, execute: Execute) -> None:
    @register_function_block(registration(param_cls=NeedsSite))
    class Acquiring(FunctionBlock[NeedsSite]):
        async def acquire(self, params: NeedsSite) -> FunctionBlockAcquireResult:
            assert params.from_step is None
            clause = AcquireByQuery(entity="device", query=f"site:{params.site}", limit=params.limit)
            return FunctionBlockAcquireResult(message=f"{params.unresolved}", acquires=[clause])

        async def run(self, params: NeedsSite, context: WorkflowContext) -> FunctionBlockResult:
            return FunctionBlockResult(success=True)

    outcome = execute(Acquiring, kind=JobKind.ACQUIRE, parameters={"site": "zrh"}, entity_id=None, devices=[])

    assert outcome.message == "('from_step',)"
    (clause,) = outcome.acquires
    assert clause.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "type": "elastic",
        "entity": "device",
        "query": "site:zrh",
        "limit": 5,
    }


def test_a_block_without_an_acquire_of_its_own_needs_nothing(block: Callable[..., Any], execute: Execute) -> None:
    outcome = execute(block(lambda *_: ok()), kind=JobKind.ACQUIRE)

    assert (outcome.success, outcome.acquires) == (True, ())


def test_rollback_gets_the_forward_result_as_the_model(registration: Register, execute: Execute) -> None:
    seen: list[Any] = []

    @register_function_block(registration(result_cls=Result, reversible=True))
    class Reversible(FunctionBlock[FunctionBlockParams, Result]):
        async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[Result]:
            return ok()

        async def rollback(
            self,
            params: FunctionBlockParams,
            context: WorkflowContext,
            result: FunctionBlockResult[Result] | None = None,
        ) -> FunctionBlockRollbackResult:
            seen.append(result)
            context.device.model = "undone"
            return FunctionBlockRollbackResult(success=True, message="undone")

    forward = {"success": True, "message": "done", "data": {"value": 4}}
    outcome = execute(Reversible, kind=JobKind.ROLLBACK, forward_result=forward)

    assert (outcome.success, outcome.message, outcome.updates) == (True, "undone", ())
    assert seen == [FunctionBlockResult(success=True, message="done", data=Result(value=4))]


def test_rollback_may_leave_the_result_out(registration: Register, execute: Execute) -> None:
    @register_function_block(registration(reversible=True))
    class Reversible(FunctionBlock):
        def run(self, params: Any, context: WorkflowContext) -> FunctionBlockResult:
            return FunctionBlockResult(success=True)

        def rollback(self, params: Any, context: WorkflowContext) -> FunctionBlockRollbackResult:  # type: ignore[override]
            return FunctionBlockRollbackResult(success=True, message="undone")

    assert execute(Reversible, kind=JobKind.ROLLBACK).message == "undone"


def test_a_block_that_cannot_be_rolled_back_says_so(block: Callable[..., Any], execute: Execute) -> None:
    outcome = execute(block(lambda *_: ok()), kind=JobKind.ROLLBACK, parameters={"site": "zrh"})

    assert (outcome.success, outcome.message) == (False, "this block cannot be rolled back")


def test_a_blocked_loop_is_reported_with_the_authors_line(
    block: Callable[..., Any],
    job: Callable[..., BlockJob],
    connector: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    ports = JobPorts(connector=connector, blocking_threshold_s=0.05)

    def body(*_: Any) -> Any:
        threading.Event().wait(0.3)
        return ok()

    asyncio.run(execute_block(job(block(body), parameters={"site": "zrh"}), ports))

    assert any("blocked" in message for message in caplog.messages)
