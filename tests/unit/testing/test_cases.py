from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from neops import (
    BlockFailed,
    FunctionBlock,
    FunctionBlockAcquireResult,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices import DeviceRuntime, PluginCatalogue, ReadsFacts
from neops.devices.transcript import Recorder, TranscriptMismatch
from neops.logs import Redactor
from neops.testing import Case, CaseResult, FakePlugin, fb_test_case, run_case


class Params(FunctionBlockParams):
    wanted: str


class Data(FunctionBlockResultData):
    version: str


@register_function_block(
    Registration(
        name="probe",
        package="fb.test.io",
        version=(1, 0, 0),
        description="a test's block",
        run_on="device",
        fb_type="check",
        param_cls=Params,
        result_cls=Data,
    )
)
class CheckVersion(FunctionBlock[Params, Data]):
    async def acquire(self, params: Params) -> FunctionBlockAcquireResult:
        return FunctionBlockAcquireResult(message=", ".join(params.unresolved))

    async def run(self, params: Params, context: WorkflowContext) -> FunctionBlockResult[Data]:
        facts = await context.connect(ReadsFacts).get_facts()
        context.device.software_release = facts.os_version
        context.artifacts.save("version.txt", facts.os_version)
        if facts.os_version != params.wanted:
            raise BlockFailed(f"{context.device.name} runs {facts.os_version}")
        return FunctionBlockResult(success=True, data=Data(version=facts.os_version))


FACTS = {"get_facts": {"os_version": "17.9"}}


@fb_test_case(CheckVersion, params={"wanted": "17.9"}, replies=FACTS)
def test_a_block_runs_without_a_device(result: CaseResult) -> None:
    assert result.success
    assert result.data == {"version": "17.9"}
    assert result.changes == {"software_release": "17.9"}
    assert result.artifacts == {"version.txt": b"17.9"}
    assert [call.method for call in result.calls] == ["open", "get_facts"]


@fb_test_case(CheckVersion, params={"wanted": "17.9"}, device={"hostname": "r7"}, replies=FACTS)
def test_fixtures_work_beside_the_result(result: CaseResult, tmp_path: object) -> None:
    assert tmp_path
    assert result.calls[0].device == "r7"


@fb_test_case(CheckVersion, params={"wanted": "17.9"}, replies=FACTS)
async def test_async_tests_work(result: CaseResult) -> None:
    assert result.success


@fb_test_case(
    CheckVersion,
    cases=[
        Case(id="right", params={"wanted": "17.9"}, replies=FACTS),
        Case(id="wrong", params={"wanted": "17.12"}, replies=FACTS),
    ],
)
def test_a_table_runs_each_case(result: CaseResult, request: pytest.FixtureRequest) -> None:
    assert request.node.name in ("test_a_table_runs_each_case[right]", "test_a_table_runs_each_case[wrong]")
    assert result.success is ("right" in request.node.name)


class TestMethods:
    @fb_test_case(CheckVersion, params={"wanted": "17.9"}, replies=FACTS)
    def test_methods_work(self, result: CaseResult) -> None:
        assert isinstance(self, TestMethods)
        assert result.success


def test_a_failure_is_no_error() -> None:
    result = run_case(CheckVersion, Case(params={"wanted": "17.12"}, replies=FACTS))

    assert (result.success, result.message, result.error) == (False, "r1 runs 17.9", None)
    assert result.changes == {}


def test_an_error_says_what_was_raised() -> None:
    result = run_case(CheckVersion, Case(params={"wanted": "1"}, replies={"get_facts": ZeroDivisionError("x")}))

    assert result.error is not None
    assert result.error.type == "ZeroDivisionError"


def test_a_slow_device_meets_the_jobs_deadline() -> None:
    from neops.testing import Slow

    replies = {"get_facts": Slow({}, after_s=60)}
    result = run_case(CheckVersion, Case(params={"wanted": "1"}, replies=replies, timeout_s=0.2))

    assert result.error is not None
    assert result.error.type in ("JobTimedOut", "OperationTimedOut")


def test_acquire_runs_too() -> None:
    result = run_case(CheckVersion, Case(kind="acquire"))

    assert (result.success, result.message) == (True, "wanted")


def test_what_is_sent_is_what_the_wire_allows() -> None:
    result = run_case(CheckVersion, Case(params={"wanted": "17.9"}, replies=FACTS))

    assert result.wire.model_dump(mode="json", by_alias=True)["result"]["dbUpdates"] == {
        "updates": [{"entity": "device", "id": 1, "operation": "patch", "path": "software_release", "value": "17.9"}]
    }


def test_several_devices_have_ids_of_their_own() -> None:
    case = Case(device={"hostname": "a"}, devices=[{"hostname": "b"}], params={"wanted": "17.9"}, replies=FACTS)
    result = run_case(CheckVersion, case)

    assert [call.device for call in result.calls] == ["a", "a"]


def test_a_class_without_a_registration_is_told_so() -> None:
    class Forgotten(CheckVersion):
        pass

    with pytest.raises(TypeError, match="Forgotten is not registered"):
        run_case(Forgotten, Case())


def test_a_test_without_result_is_told_so() -> None:
    with pytest.raises(TypeError, match="needs a parameter called result"):

        @fb_test_case(CheckVersion)
        def test() -> None: ...


def test_a_misspelt_field_is_told_so() -> None:
    with pytest.raises(TypeError, match="a case has no parms"):
        fb_test_case(CheckVersion, parms={})
    with pytest.raises(TypeError, match="either cases or the fields of one case"):
        fb_test_case(CheckVersion, cases=[Case()], params={})


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """One call of get_facts on `leaf1`."""
    path = tmp_path / "leaf1.jsonl.zst"
    replies = {"get_facts": {"os_version": "17.9"}}
    with (
        Recorder.to(path, redactor=Redactor()) as recorder,
        DeviceRuntime(catalogue=PluginCatalogue.of(FakePlugin(replies)), observer=recorder) as runtime,
    ):
        recorded = run_case(
            CheckVersion, Case(device={"hostname": "leaf1"}, params={"wanted": "17.9"}, connector=runtime)
        )
    assert recorded.success
    return path


def test_a_recording_answers_for_the_devices_that_it_is_of(recording: Path) -> None:
    result = run_case(CheckVersion, Case(replay=recording, params={"wanted": "17.9"}))

    assert (result.success, result.data) == (True, {"version": "17.9"})


def test_a_block_that_asks_less_than_was_recorded_fails_its_test(recording: Path) -> None:
    with pytest.raises(TranscriptMismatch, match="leaf1: not all that was recorded was asked for"):
        run_case(CheckVersion, Case(replay=recording, kind="acquire", params={"wanted": "17.9"}))


def test_a_device_that_was_not_recorded_fails_the_test_although_the_block_copes(recording: Path) -> None:
    with pytest.raises(TranscriptMismatch, match="r9: is not in the transcript, which has leaf1"):
        run_case(CheckVersion, Case(replay=recording, device={"hostname": "r9"}, params={"wanted": "17.9"}))


def test_two_ways_of_answering_are_told_to_be_one_too_many() -> None:
    with pytest.raises(TypeError, match="a case has replies and plugin: only one of them can answer"):
        Case(replies=FACTS, plugin=FakePlugin(FACTS))


def on(run_on: Literal["group", "interface"]) -> Registration:
    return Registration(
        name=run_on,
        package="fb.test.io",
        version=(1, 0, 0),
        description="a test's block",
        run_on=run_on,
        fb_type="check",
        param_cls=FunctionBlockParams,
        result_cls=FunctionBlockResultData,
    )


@register_function_block(on("group"))
class Members(FunctionBlock[FunctionBlockParams, FunctionBlockResultData]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult:
        names = [device.name for device, _ in context.connect_all(ReadsFacts)]
        return FunctionBlockResult(success=True, message=f"{context.device_group.name}: {', '.join(names)}")


@register_function_block(on("interface"))
class Port(FunctionBlock[FunctionBlockParams, FunctionBlockResultData]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult:
        (port,) = context.interfaces_of(context.devices[0])
        return FunctionBlockResult(success=True, message=f"{context.devices[0].name} {port.name}")


TWO = ({"hostname": "a"}, {"hostname": "b"})


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (Case(devices=TWO, replies=FACTS), "group1: a, b"),
        (Case(devices=TWO, device_groups=[{"name": "core"}], replies=FACTS), "core: a, b"),
        (Case(devices=TWO, device_groups=[{"name": "core", "devices": []}], replies=FACTS), "core: "),
        (Case(devices=[{"hostname": "a", "groups": [{"id": 1}]}, {}], device_groups=[{}], replies=FACTS), "group1: a"),
    ],
)
def test_a_group_of_which_nothing_is_said_has_all_the_devices(case: Case, message: str) -> None:
    assert run_case(Members, case).message == message


def test_an_interface_is_made_up_with_its_device() -> None:
    assert run_case(Port, Case()).message == "r1 eth1"
    assert run_case(Port, Case(device={"hostname": "a"}, interfaces=[{"name": "ge-0"}])).message == "a ge-0"
