"""The boundary around an author's code: whatever a block does, a BlockOutcome comes out."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import JsonValue, ValidationError

from neops.blocks.artifacts import Artifact
from neops.blocks.block import BlockClass
from neops.blocks.context import WorkflowContext
from neops.blocks.failures import BadResult, outcome_of
from neops.blocks.jobs import BlockJob, JobKind, JobPorts
from neops.blocks.models import FunctionBlockAcquireResult, FunctionBlockResult, FunctionBlockRollbackResult
from neops.blocks.outcome import BlockError, BlockOutcome
from neops.blocks.parameters import lenient_params, problems, strict_params
from neops.blocks.registration import overrides
from neops.concurrency import AuthorFiles, BlockingDetector, Clock, TaskScope, deadline, in_thread
from neops.entities.jsonable import to_json

logger = logging.getLogger(__name__)

R = TypeVar("R")

GRACE_S = 5.0
"""How long a block that was cancelled may take to clean up, seconds."""

CLOSE_S = 3.0
"""How long the tools of a job may take to let go of their connections, seconds."""


async def execute_block(job: BlockJob, ports: JobPorts, *, clock: Clock = time.monotonic) -> BlockOutcome:
    """Run one job to its end. Call it in an event loop of the job's own.

    The job's deadline (`job.info.deadline`) bounds it; `run_in_thread` uses the executor that is bound around it. A
    block that does not end within GRACE_S of its deadline or its cancellation is left behind, and the log says so.

    Raises:
        asyncio.CancelledError: the task that runs it was cancelled. Nothing else ever comes out.
    """
    started = clock()
    call = _Call(job, ports)
    detector = BlockingDetector(threshold_s=ports.blocking_threshold_s, is_author_file=_authors_files(job.block))
    with detector, deadline(job.info.deadline) as limit:
        outcome = _timed_out() if limit.expired else await _bounded(call, limit.timeout())
    return replace(outcome, artifacts=call.artifacts(), duration_s=clock() - started)


def _authors_files(block: BlockClass) -> AuthorFiles:
    """The block's own folder counts as the author's, also inside an installed package."""
    file = getattr(sys.modules.get(block.__module__), "__file__", None)
    return AuthorFiles(also=[Path(file).parent] if file else [])


async def _bounded(call: _Call, timeout_s: float | None) -> BlockOutcome:
    task = asyncio.create_task(call.guarded(), name=f"block {call.job.info.id}")
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
        if done:
            return task.result()
    except asyncio.CancelledError:
        await _stop(task)
        raise
    await _stop(task)
    return _timed_out()


async def _stop(task: asyncio.Task[BlockOutcome]) -> None:
    task.cancel()
    _, stuck = await asyncio.wait({task}, timeout=GRACE_S)
    if stuck:
        logger.warning("a block ignores its cancellation and still runs", extra={"task": task.get_name()})


def _timed_out() -> BlockOutcome:
    message = "the job did not end before its deadline"
    return BlockOutcome(success=False, message=message, error=BlockError(type="JobTimedOut", message=message))


class _Call:
    """One job's walk through its block."""

    def __init__(self, job: BlockJob, ports: JobPorts) -> None:
        self.job = job
        self._ports = ports
        self._context: WorkflowContext | None = None

    def artifacts(self) -> tuple[Artifact, ...]:
        return self._context.artifacts.saved() if self._context else ()

    async def guarded(self) -> BlockOutcome:
        try:
            async with TaskScope():
                return await self._step()
        except GeneratorExit:
            raise  # the loop is being torn down
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return outcome_of(error, _authors_files(self.job.block))
        except BaseException as error:  # noqa: BLE001  # an author's sys.exit() must not end the worker
            return outcome_of(error, _authors_files(self.job.block))

    async def _step(self) -> BlockOutcome:
        try:
            return await self._steps[self.job.kind](self)
        finally:
            for ending in self._context.endings() if self._context else ():
                await asyncio.wait({asyncio.create_task(in_thread(ending))}, timeout=CLOSE_S)

    async def _acquire(self) -> BlockOutcome:
        block, registration = self.job.block, self.job.block.registration
        if not overrides(block, "acquire"):
            return BlockOutcome(success=True)
        params = lenient_params(registration.param_cls, self.job.parameters, registration.id)
        answer = await _invoke(block().acquire, params)
        result = self._checked(answer, FunctionBlockAcquireResult, "acquire")
        acquires = tuple(result.acquires) if result.success else ()
        return BlockOutcome(success=result.success, message=result.message, acquires=acquires)

    async def _execute(self) -> BlockOutcome:
        params, context = self._prepared()
        answer = await _invoke(self.job.block().run, params, context)
        result: FunctionBlockResult[Any] = self._checked(answer, FunctionBlockResult, "run")
        data = self._data(result)
        changes = context.tracked() if result.success else None
        for sentence in changes.refused if changes else ():
            context.logger.warning("a change was refused", extra={"reason": sentence})
        return BlockOutcome(
            success=result.success,
            message=result.message,
            data=data,
            retryable=result.retryable,
            updates=changes.updates if changes else (),
        )

    async def _rollback(self) -> BlockOutcome:
        params, context = self._prepared()
        rollback = self.job.block().rollback
        arguments = (params, context, self._forward_result()) if _takes(rollback, 3) else (params, context)
        answer = await _invoke(rollback, *arguments)
        result = self._checked(answer, FunctionBlockRollbackResult, "rollback")
        return BlockOutcome(success=result.success, message=result.message)

    _steps = {JobKind.ACQUIRE: _acquire, JobKind.EXECUTE: _execute, JobKind.ROLLBACK: _rollback}

    def _prepared(self) -> tuple[Any, WorkflowContext]:
        registration = self.job.block.registration
        params = strict_params(registration.param_cls, self.job.parameters, registration.id)
        self._context = WorkflowContext(self.job, self._ports)
        return params, self._context

    def _checked(self, answer: object, expected: type[R], method: str) -> R:
        if isinstance(answer, expected):
            return answer
        got = "None" if answer is None else f"something of type {type(answer).__name__}"
        raise BadResult(f"{self.job.block.__qualname__}.{method} returned {got}: return a {expected.__name__}")

    def _data(self, result: FunctionBlockResult[Any]) -> dict[str, JsonValue] | None:
        if result.data is None:
            return None
        block = self.job.block
        if not isinstance(result.data, block.registration.result_cls):
            expected, got = block.registration.result_cls.__name__, type(result.data).__name__
            raise BadResult(f"{block.__qualname__}.run returned data of type {got}: its result_cls is {expected}")
        data = to_json(result.data, "data")
        return data if isinstance(data, dict) else {}

    def _forward_result(self) -> FunctionBlockResult[Any] | None:
        registration, given = self.job.block.registration, self.job.forward_result
        if given is None:
            return None
        try:
            data = None if given.get("data") is None else registration.result_cls.model_validate(given["data"])
            known = {key: given[key] for key in ("success", "message", "retryable") if key in given}
            return FunctionBlockResult[Any].model_validate({**known, "data": data})
        except ValidationError as error:
            extra = {"block": registration.id, "problem": problems(error)}
            logger.warning("the forward result does not fit the block and was left out", extra=extra)
            return None


def _takes(method: Callable[..., Any], arguments: int) -> bool:
    """Whether a method can be called with so many: authors may leave the forward result out."""
    try:
        inspect.signature(method).bind(*range(arguments))
    except TypeError:
        return False
    return True


async def _invoke(method: Callable[..., Any], *arguments: Any) -> Any:
    """Call an author's method: async ones on the loop, ordinary ones in a thread."""
    if inspect.iscoroutinefunction(method):
        return await method(*arguments)
    answer = await in_thread(functools.partial(method, *arguments))
    return await answer if inspect.isawaitable(answer) else answer
