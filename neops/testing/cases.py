"""Blocks under pytest, on the worker's own path: job JSON in, result JSON out, and a scripted device in between."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from neops.blocks import BlockClass, BlockRegistry, JobPorts
from neops.devices import ConnectionPlugin, Connector, DeviceRuntime, PluginCatalogue
from neops.entities import EntityPatch, EntityType, EntityUpdate
from neops.entities.changes import Changeable
from neops.protocol import Extension, JobDefinition, JobError, JobExecutionContext, JobResult, JobType
from neops.protocol.jobs import dump_jobs, load_jobs
from neops.protocol.message import dump
from neops.testing.entities import (
    DeviceLike,
    GroupLike,
    InterfaceLike,
    make_devices,
    make_groups,
    make_interfaces,
)
from neops.testing.fakes import Call, FakePlugin, Script
from neops.worker.execution import JobLimits, JobThread
from neops.worker.membership import Membership
from neops.worker.translation import read_job, write_result

if TYPE_CHECKING:
    from neops.devices.transcript import ReplayPlugin

TIMEOUT_S: Final = 30.0
"""A case's deadline where it gives none."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One job for a block.

    `device` is the device at hand, as fields or as a Device; what a test does not say is made up. Devices answer in one
    of four ways: `replies` script every device, `plugin` brings another plugin, `connector` a whole device layer, and
    `replay` is a recording that the block has to go through from beginning to end; its devices are the case's where it
    names none. `entity_id` picks the
    entity at hand where it is not the first of its kind. `timeout_s` is the job's deadline.
    """

    id: str = "case"
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    device: DeviceLike | None = None
    devices: Sequence[DeviceLike] = ()
    device_groups: Sequence[GroupLike] = ()
    interfaces: Sequence[InterfaceLike] = ()
    replies: Script = field(default_factory=dict)
    plugin: ConnectionPlugin | None = None
    connector: Connector | None = None
    replay: str | Path | ReplayPlugin | None = None
    kind: str = "execute"
    entity_id: int | None = None
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        if len(ways := [name for name in _ANSWERING if getattr(self, name)]) > 1:
            raise TypeError(f"a case has {' and '.join(ways)}: only one of them can answer")


_ANSWERING: Final = ("replies", "plugin", "connector", "replay")


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """What the worker would have sent to the engine.

    `changes` are the patched fields of the entity at hand, by path; `updates` are all updates. `artifacts` are the
    saved files by name. `calls` is what was asked of the fake devices. `wire` is the whole result as JSON.
    """

    success: bool
    message: str | None
    data: Mapping[str, Any]
    error: JobError | None
    changes: Mapping[str, Any]
    updates: Sequence[EntityUpdate]
    acquires: Sequence[Mapping[str, Any]]
    artifacts: Mapping[str, bytes]
    calls: Sequence[Call]
    wire: JobResult


def run_case(block: BlockClass, case: Case) -> CaseResult:
    """Run one job the way a worker does, in a thread with an event loop of its own. Works in async tests too.

    Raises:
        TypeError: the class has no registration of its own, or the case makes no valid job.
        TranscriptMismatch: the block asked something else than the recording `replay` has, or less.
    """
    if "registration" not in vars(block):
        raise TypeError(f"{block.__qualname__} is not registered: decorate it with @register_function_block")
    if case.replay is not None:
        return _replayed(block, case, case.replay)
    plugin = case.plugin or FakePlugin(case.replies)
    job = _job(block, case)
    with ThreadPoolExecutor(max_workers=1) as thread:
        if case.connector is not None:
            result = thread.submit(asyncio.run, _on_the_worker(block, job, case.connector)).result()
        else:
            with DeviceRuntime(catalogue=PluginCatalogue.of(plugin)) as runtime:
                result = thread.submit(asyncio.run, _on_the_worker(block, job, runtime)).result()
    return _read(result, job, plugin)


def _replayed(block: BlockClass, case: Case, recording: str | Path | ReplayPlugin) -> CaseResult:
    from neops.devices.transcript import ReplayPlugin, ReplayRuntime  # most tests replay nothing

    replay = recording if isinstance(recording, ReplayPlugin) else ReplayPlugin(Path(recording))
    platforms = {line.device: line.platform for line in replay.transcript.devices}
    recorded = [{"hostname": device, "platform": platform} for device, platform in platforms.items()]
    named = case.device is not None or case.devices
    devices = case.devices if named else recorded
    with replay, ReplayRuntime(replay) as runtime:
        return run_case(block, replace(case, replay=None, connector=runtime, devices=devices))


def fb_test_case(
    block: BlockClass, *, cases: Sequence[Case] = (), **case: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run a block and hand its `result` to the test; fixtures and async tests work as ever.

    ```python
    @fb_test_case(ShowVersion, device={"platform": "arista_eos"}, replies={"get_facts": {"os_version": "4.30.1F"}})
    def test_show_version(result: CaseResult) -> None:
        assert result.data == {"version": "4.30.1F"}
    ```

    The keywords are those of `Case`. With `cases` the test runs once for each of them, under its `id`. The path of a
    `replay` counts from the test's own folder.

    Raises:
        TypeError: the test has no parameter `result`, or `cases` and single keywords are mixed.
    """
    if cases and case:
        raise TypeError("fb_test_case takes either cases or the fields of one case")
    if unknown := case.keys() - {known.name for known in fields(Case)}:
        raise TypeError(f"a case has no {', '.join(sorted(unknown))}")

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        wrapped = _wrapped(test, block, Case(**case))
        return _parametrized(wrapped, cases) if cases else wrapped

    return decorate


def _wrapped(test: Callable[..., Any], block: BlockClass, only: Case) -> Callable[..., Any]:
    parameters = list(inspect.signature(test).parameters.values())
    if "result" not in {parameter.name for parameter in parameters}:
        raise TypeError(f"{test.__qualname__} needs a parameter called result: fb_test_case passes it")

    @functools.wraps(test)
    def wrapper(*args: Any, fb_case: Case = only, **fixtures: Any) -> Any:
        return test(*args, result=run_case(block, _beside(test, fb_case)), **fixtures)

    kept = [parameter for parameter in parameters if parameter.name != "result"]
    wrapper.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]  # what pytest asks for fixtures
    if inspect.iscoroutinefunction(test):
        return _awaiting(wrapper)
    return wrapper


def _beside(test: Callable[..., Any], case: Case) -> Case:
    """The case, with its recording found from the folder that the test is in."""
    if not isinstance(case.replay, str | Path):
        return case
    return replace(case, replay=Path(inspect.getfile(test)).parent / case.replay)


def _awaiting(wrapper: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(wrapper)
    async def awaiting(*args: Any, **fixtures: Any) -> None:
        await wrapper(*args, **fixtures)

    return awaiting


def _parametrized(test: Callable[..., Any], cases: Sequence[Case]) -> Callable[..., Any]:
    import pytest  # the testing toolkit can be imported where pytest is not installed

    shown = inspect.signature(test)
    case = inspect.Parameter("fb_case", inspect.Parameter.KEYWORD_ONLY)
    test.__signature__ = shown.replace(parameters=[*shown.parameters.values(), case])  # type: ignore[attr-defined]
    mark = pytest.mark.parametrize("fb_case", [pytest.param(one, id=one.id) for one in cases])
    marked: Callable[..., Any] = mark(test)
    return marked


async def _on_the_worker(block: BlockClass, job: JobDefinition, connector: Connector) -> JobResult:
    registry = BlockRegistry()
    registry.add(block)
    received = load_jobs(dump_jobs([job]))[0]
    if not isinstance(received, JobDefinition):
        raise TypeError(f"the case makes no valid job: {received.problem}")
    membership = Membership(worker_id="test", extensions=frozenset(Extension), offers=())
    ports = JobPorts(connector=connector)
    outcome = await JobThread(read_job(received, registry, datetime.now(UTC)), ports, JobLimits()).run()
    return JobResult.model_validate_json(dump(write_result(received, outcome, membership)))


def _job(block: BlockClass, case: Case) -> JobDefinition:
    registration = block.registration
    run_on = EntityType(registration.run_on)
    at_hand = [case.device] if case.device is not None else []

    def made_up(*needed_by: EntityType) -> list[dict[str, Any]]:
        return [{}] if run_on in needed_by else []

    devices = make_devices([*at_hand, *case.devices] or made_up(EntityType.DEVICE, EntityType.INTERFACE))
    context = JobExecutionContext(
        devices=devices,
        device_groups=make_groups(case.device_groups or made_up(EntityType.GROUP), devices),
        interfaces=make_interfaces(case.interfaces or made_up(EntityType.INTERFACE), devices),
    )
    listed: dict[EntityType, Sequence[Changeable]] = {
        EntityType.DEVICE: context.devices,
        EntityType.GROUP: context.device_groups,
        EntityType.INTERFACE: context.interfaces,
    }
    return JobDefinition(
        function_block_id=registration.id,
        job_id=f"test-{case.id}",
        parameters=dict(case.params),
        context=context,
        type=JobType(case.kind),
        run_on=run_on,
        entity_id=case.entity_id or next((entity.id for entity in listed.get(run_on, ())), None),
        deadline=datetime.now(UTC) + timedelta(seconds=case.timeout_s),
    )


def _read(result: JobResult, job: JobDefinition, plugin: ConnectionPlugin) -> CaseResult:
    answer = result.result
    updates = answer.db_updates.updates if answer.db_updates else []
    at_hand = [
        one for one in updates if isinstance(one, EntityPatch) and (one.entity, one.id) == (job.run_on, job.entity_id)
    ]
    return CaseResult(
        success=answer.success,
        message=answer.message,
        data=answer.data or {},
        error=answer.error,
        changes={update.path: update.value for update in at_hand},
        updates=updates,
        acquires=[clause.model_dump(mode="json", by_alias=True) for clause in result.acquires or ()],
        artifacts={one.name: one.content for one in result.artifacts or ()},
        calls=plugin.calls if isinstance(plugin, FakePlugin) else (),
        wire=result,
    )
