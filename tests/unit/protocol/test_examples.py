"""Messages as programs that speak the contract really sent them."""

from __future__ import annotations

import json

import pytest

import neops.protocol as wire
from neops.protocol import Message

EXAMPLES: list[tuple[type[Message], str]] = [
    (
        wire.VersionCompatibilityRequest,
        '{"version":"0.43.0-beta.2","library":"neops_workflow_engine_client"}',
    ),
    (
        wire.VersionCompatibility,
        (
            '{"compatible":true,"deprecated":false,"version":"1.0.0",'
            '"checkedLibrary":"neops_workflow_engine_client","checkedVersion":"0.43.0-beta.2"}'
        ),
    ),
    (wire.RegisterWorker, '{"version":"0.2.0.beta.7","name":"probe","ipAddress":"127.0.0.1"}'),
    (wire.RegisterWorker, '{"version":"0.2.0.beta.7"}'),
    (
        wire.WorkerRegistration,
        (
            '{"uuid":"175af4b8-9821-42b4-a1c6-7992f5cc9cac","version":"0.2.0.beta.7","name":"probe","ipAddress":"127.0.0.1",'
            '"state":"online","lastPingAt":"2026-11-21T11:48:33.595000Z","lastSeenAt":"2026-11-21T11:48:33.595000Z",'
            '"createdAt":"2026-11-21T11:48:33.595000Z","updatedAt":"2026-11-21T11:48:33.595000Z","deletedAt":null}'
        ),
    ),
    (
        wire.RegisterFunctionBlock,
        (
            '{"name":"inventory","package":"fb.demo.example","majorVersion":1,"minorVersion":2,"patchVersion":3,'
            '"workerId":"175af4b8","description":"Changes entities","runOn":"device","fbType":"facts",'
            '"markdownHelpText":"No helptext provided","deprecated":false,"parameterJsonSchema":{"properties":'
            '{"site":{"title":"Site","type":"string"}},"required":["site"],"type":"object"},'
            '"resultDataJsonSchema":{"additionalProperties":false,"properties":{},"type":"object"},'
            '"isIdempotent":false,"isPure":false,"reversible":true}'
        ),
    ),
    (
        wire.JobPoll,
        (
            '{"functionBlockIds":[{"name":"echo","package":"fb.demo.example","majorVersion":1,"minorVersion":0,'
            '"patchVersion":0}],"workerId":"175af4b8"}'
        ),
    ),
    (
        wire.JobResult,
        (
            '{"jobExecutionId":"9da47a04","status":"success","result":{"success":true,"message":"unresolved=[\'from_step\']"},'
            '"acquires":[{"type":"elastic","assertNotEmpty":true,"entity":"device","query":"site:zrh"},'
            '{"type":"context","entity":"interface","filter":"device.id == `7`"}]}'
        ),
    ),
    (
        wire.JobResult,
        '{"jobExecutionId":"fe6c5ecb","status":"success","result":{"success":true,"message":"undone"}}',
    ),
    (
        wire.JobResult,
        (
            '{"jobExecutionId":"49b6feb3","status":"failed","result":{"success":false,'
            '"message":"Error executing function block: boom requested"}}'
        ),
    ),
]

CHANGES = """{"jobExecutionId":"9f4c1974","status":"success","result":{"dbUpdates":{"updates":[
 {"operation":"patch","entity":"device","id":7,"path":"facts","value":{"os":"frr","site":"zrh"}},
 {"operation":"patch","entity":"device","id":7,"path":"software_release","value":"10.2"},
 {"operation":"patch","entity":"device","id":7,"path":"ip","value":null},
 {"operation":"create","entity":"interface","id":33691469,"data":{"id":33691469,"name":"eth9","state":"UP",
  "device":{"hostname":"r1"},"description":null,"check_elements":null},
  "identifierFields":["name"],"skipIfIdentifierExists":true},
 {"operation":"delete","entity":"interface","id":72}]},"success":true,"message":"changed","data":{"count":3}}}"""

DEVICE_JOB = """[{"functionBlockId":"fb.demo.example/inventory:1.2.3","jobId":"9f4c1974","stepLabel":"inv",
 "parameters":{"site":"zrh","from_step":"ok"},"context":{"devices":[{"id":7,"hostname":"r1","ip":"192.0.2.7",
 "username":"admin","password":"x","platform":{"id":3,"name":"FRRouting","shortName":"frr"},"facts":{"os":"frr"},
 "groups":[{"id":2}],"interfaces":[{"id":71},{"id":72}]}],
 "deviceGroups":[{"id":2,"name":"lab","devices":[{"id":7}],"facts":{}}],
 "interfaces":[{"id":71,"name":"eth0","device":{"id":7},"state":"UP","facts":{}}]},
 "type":"execute","runOn":"device","entityId":7}]"""

GLOBAL_JOB = """[{"functionBlockId":"fb.demo.example/echo:1.0.0","jobId":"ca86aaec","stepLabel":"s1",
 "parameters":{"text":"hello engine"},"context":{"devices":[],"deviceGroups":[],"interfaces":[]},
 "type":"execute","runOn":"global","entityId":null}]"""


@pytest.mark.parametrize(("model", "text"), EXAMPLES)
def test_a_measured_message_is_written_back_as_it_came(model: type[Message], text: str) -> None:
    message = model.model_validate_json(text)

    assert {**json.loads(text), **json.loads(wire.dump(message))} == json.loads(wire.dump(message))
    assert model.model_validate_json(wire.dump(message)) == message


def test_entity_changes_keep_their_explicit_nulls_and_their_order() -> None:
    result = wire.JobResult.model_validate_json(CHANGES)

    assert json.loads(wire.dump(result)) == json.loads(CHANGES)


@pytest.mark.parametrize("text", [DEVICE_JOB, GLOBAL_JOB])
def test_a_job_reaches_the_worker_as_the_engine_meant_it(text: str) -> None:
    jobs = [job for job in wire.load_jobs(text.encode()) if isinstance(job, wire.JobDefinition)]

    assert json.loads(wire.dump_jobs(jobs)) == json.loads(text)
