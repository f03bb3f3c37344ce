"""Our worker at an engine that knows only what is published: each message as it was measured, key for key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from neops.blocks import (
    BlockRegistry,
    FunctionBlock,
    FunctionBlockAcquireResult,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    FunctionBlockRollbackResult,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.blocks.models import AcquireByQuery, AcquireFromContext
from neops.entities import EntityType, Interface, InterfaceState
from neops.errors import BlockFailed
from neops.worker import WorkerRuntime

StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, "asyncio.Task[int]"]]]
CONTEXT: dict[str, Any] = {
    "devices": [
        {
            "id": 7,
            "hostname": "r1",
            "ip": "192.0.2.7",
            "username": "admin",
            "password": "x",
            "platform": {"id": 3, "name": "FRRouting", "shortName": "frr"},
            "facts": {"os": "frr"},
            "groups": [{"id": 2}],
            "interfaces": [{"id": 71}, {"id": 72}],
        }
    ],
    "deviceGroups": [{"id": 2, "name": "lab", "devices": [{"id": 7}]}],
    "interfaces": [
        {"id": 71, "name": "eth0", "device": {"id": 7}, "state": "UP"},
        {"id": 72, "name": "eth1", "device": {"id": 7}, "state": "UP"},
    ],
}


class Site(FunctionBlockParams):
    site: str
    from_step: str


class Count(FunctionBlockResultData):
    count: int


@pytest.fixture
def registry() -> BlockRegistry:
    @register_function_block(
        Registration(
            name="inventory",
            package="fb.demo.example",
            version=(1, 2, 3),
            description="Changes entities",
            run_on="device",
            fb_type="facts",
            param_cls=Site,
            result_cls=Count,
            reversible=True,
        )
    )
    class Inventory(FunctionBlock[Site, Count]):
        async def acquire(self, params: Site) -> FunctionBlockAcquireResult:
            clauses = [
                AcquireByQuery(entity=EntityType.DEVICE, query=f"site:{params.site}", assert_not_empty=True),
                AcquireFromContext(entity=EntityType.INTERFACE, filter="device.id == `7`"),
            ]
            return FunctionBlockAcquireResult(success=True, message=f"unresolved={params.unresolved}", acquires=clauses)

        async def run(self, params: Site, context: WorkflowContext) -> FunctionBlockResult[Count]:
            if params.site == "boom":
                raise BlockFailed("boom requested")
            router = context.device
            router.facts = {"os": "frr", "site": params.site}
            router.software_release = "10.2"
            router.ip = None
            context.create(Interface, name="eth9", state=InterfaceState.UP, device=router)
            context.delete(context.interfaces[1])
            return FunctionBlockResult(success=True, message="changed", data=Count(count=3))

        async def rollback(
            self, params: Site, context: WorkflowContext, result: FunctionBlockResult[Count] | None = None
        ) -> FunctionBlockRollbackResult:
            return FunctionBlockRollbackResult(success=True, message="undone")

    blocks = BlockRegistry()
    blocks.add(Inventory)
    return blocks


def inventory_job(kind: str, **more: Any) -> dict[str, Any]:
    parameters = {"site": "zrh", "from_step": "ok"}
    job = {"functionBlockId": "fb.demo.example/inventory:1.2.3", "jobId": "9f4c1974", "stepLabel": "inv"}
    return job | {"parameters": parameters, "context": CONTEXT, "type": kind, "runOn": "device", "entityId": 7} | more


async def answer_to(engine: Any, start: StartWorker, job: dict[str, Any]) -> dict[str, Any]:
    engine.jobs = [[job]]
    worker, task = await start(name="probe", ip_address="127.0.0.1")
    await engine.until(lambda: engine.results)
    worker.stop()
    assert await task == 0
    (result,) = engine.results
    return dict(result)


async def test_the_version_check_says_what_is_spoken(engine: Any, start: StartWorker) -> None:
    await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    (asked,) = engine.of("/version/compatibility")
    assert asked.keys() == {"version", "library"}
    assert asked["library"] == "neops_workflow_engine_client"


async def test_a_block_is_registered_with_the_published_keys(engine: Any, start: StartWorker) -> None:
    await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    (block,) = engine.of("/function-blocks/register")
    told = {
        "name": "inventory",
        "package": "fb.demo.example",
        "majorVersion": 1,
        "minorVersion": 2,
        "patchVersion": 3,
        "workerId": "worker-1",
        "description": "Changes entities",
        "runOn": "device",
        "fbType": "facts",
        "deprecated": False,
        "isIdempotent": False,
        "isPure": False,
        "reversible": True,
    }
    assert block.keys() == told.keys() | {"markdownHelpText", "parameterJsonSchema", "resultDataJsonSchema"}
    assert told.items() <= block.items()
    assert block["parameterJsonSchema"]["required"] == ["site", "from_step"]
    assert block["resultDataJsonSchema"]["properties"] == {"count": {"title": "Count", "type": "integer"}}


async def test_a_poll_names_versions_in_numbers(engine: Any, start: StartWorker) -> None:
    await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    version = {"majorVersion": 1, "minorVersion": 2, "patchVersion": 3}
    block = {"name": "inventory", "package": "fb.demo.example"} | version
    assert engine.of("/blackboard/job")[0] == {"functionBlockIds": [block], "workerId": "worker-1", "limit": 1}


async def test_a_success_carries_its_changes(engine: Any, start: StartWorker) -> None:
    answer = await answer_to(engine, start, inventory_job("execute"))

    updates = answer["result"].pop("dbUpdates")["updates"]
    assert answer == {
        "jobExecutionId": "9f4c1974",
        "status": "success",
        "result": {"success": True, "message": "changed", "data": {"count": 3}},
    }
    patches = [one for one in updates if one["operation"] == "patch"]
    assert sorted(patches, key=lambda one: str(one["path"])) == [
        {"operation": "patch", "entity": "device", "id": 7, "path": "facts.site", "value": "zrh"},
        {"operation": "patch", "entity": "device", "id": 7, "path": "ip", "value": None},
        {"operation": "patch", "entity": "device", "id": 7, "path": "software_release", "value": "10.2"},
    ]
    (create,) = [one for one in updates if one["operation"] == "create"]
    assert create["entity"] == "interface"
    assert 10_000_000 <= create["id"] == create["data"]["id"] < 2**31
    assert (create["data"]["name"], create["data"]["state"], create["identifierFields"]) == ("eth9", "UP", ["name"])
    assert create["skipIfIdentifierExists"] is True
    assert [one for one in updates if one["operation"] == "delete"] == [
        {"operation": "delete", "entity": "interface", "id": 72}
    ]


async def test_a_failure_carries_its_message_and_whether_to_try_again(engine: Any, start: StartWorker) -> None:
    parameters = {"site": "boom", "from_step": "ok"}

    answer = await answer_to(engine, start, inventory_job("execute", parameters=parameters))

    result = {"success": False, "message": "boom requested", "retryable": False}
    assert answer == {"jobExecutionId": "9f4c1974", "status": "failed", "result": result}


async def test_an_acquire_job_answers_its_clauses(engine: Any, start: StartWorker) -> None:
    answer = await answer_to(engine, start, inventory_job("acquire", parameters={"site": "zrh"}, entityId=None))

    assert answer["status"] == "success"
    assert answer["result"]["success"] is True
    assert "from_step" in answer["result"]["message"]
    assert answer["acquires"] == [
        {"type": "elastic", "assertNotEmpty": True, "entity": "device", "query": "site:zrh"},
        {"type": "context", "entity": "interface", "filter": "device.id == `7`"},
    ]


async def test_a_rollback_job_answers_without_changes(engine: Any, start: StartWorker) -> None:
    answer = await answer_to(engine, start, inventory_job("rollback"))

    result = {"success": True, "message": "undone"}
    assert answer == {"jobExecutionId": "9f4c1974", "status": "success", "result": result}


async def test_pings_and_leaving_have_no_body(engine: Any, start: StartWorker) -> None:
    worker, task = await start()
    await engine.until(lambda: engine.of("/ping") and engine.of("/blackboard/job"))
    worker.stop()
    await task

    assert set(map(str, engine.of("/ping") + engine.of("/unregister"))) == {"None"}
    assert not engine.of("/cancellations")
    assert not engine.of("/blackboard/job/events")
