"""What the messages refuse, tolerate and leave out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

import neops.protocol as wire
from neops.entities import Device, DeviceGroup, EntityType, Secret
from neops.protocol import JobDefinition, JobExecutionContext, JobType, UndecodableJob

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def job(**changes: Any) -> JobDefinition:
    fields: dict[str, Any] = {
        "function_block_id": "fb.example.io/echo:1.0.0",
        "job_id": "j1",
        "parameters": {},
        "context": JobExecutionContext(),
        "type": JobType.EXECUTE,
        "run_on": EntityType.GLOBAL,
        "entity_id": None,
    }
    return JobDefinition(**fields | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"entity_id": "7"},
        {"entity_id": 0},
        {"entity_id": True},
        {"type": "EXECUTE"},
        {"run_on": ""},
        {"parameters": None},
        {"step_label": "has-hyphen"},
        {"step_label": "context"},
        {"step_label": "steps"},
        {"step_label": "ends\n"},
        {"step_label": "ünïcode"},
        {"attempt": 0},
    ],
)
def test_a_job_that_would_make_a_worker_drop_the_whole_poll_cannot_be_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        job(**changes)


def test_what_is_not_said_is_left_out() -> None:
    assert set(json.loads(wire.dump(job()))) == {
        "functionBlockId",
        "jobId",
        "parameters",
        "context",
        "type",
        "runOn",
        "entityId",
    }


def test_nulls_inside_free_objects_are_kept() -> None:
    context = JobExecutionContext(devices=[Device(id=7, facts={"os": None})])

    written = json.loads(wire.dump_jobs([job(parameters={"a": None}, context=context)]))[0]

    assert written["parameters"] == {"a": None}
    assert written["context"]["devices"] == [{"id": 7, "facts": {"os": None}, "groups": [], "interfaces": []}]


def test_keys_of_a_group_are_never_null() -> None:
    context = JobExecutionContext(device_groups=[DeviceGroup(id=2, name="lab")])

    assert None not in json.loads(wire.dump(context))["deviceGroups"][0].values()


def test_credentials_are_written_for_a_worker_only() -> None:
    with_password = job(context=JobExecutionContext(devices=[Device(id=7, password=Secret("s3cret"))]))

    assert b"s3cret" in wire.dump_jobs([with_password])
    assert b"s3cret" not in wire.dump(with_password)
    assert b"s3cret" not in wire.dump_all([with_password])
    assert "s3cret" not in repr(with_password)


def test_a_malformed_job_does_not_spoil_the_others() -> None:
    body = b'[{"jobId": "bad", "leaseToken": "t", "entityId": "7"}, ' + wire.dump(job()) + b", 5]"

    bad, good, stray = wire.load_jobs(body)

    assert good == job()
    assert isinstance(bad, UndecodableJob)
    assert (bad.job_id, bad.lease_token) == ("bad", "t")
    assert "functionBlockId" in bad.problem
    assert isinstance(stray, UndecodableJob)
    assert stray.job_id is None


@pytest.mark.parametrize("body", [b"", b" \n", b"[]"])
def test_an_empty_answer_to_a_poll_means_no_work(body: bytes) -> None:
    assert wire.load_jobs(body) == []


@pytest.mark.parametrize("body", [b"{}", b"no json", b'"text"'])
def test_an_answer_to_a_poll_that_is_no_array_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"list|JSON"):
        wire.load_jobs(body)


def test_a_job_without_entity_id_is_a_job_without_entity() -> None:
    written = json.loads(wire.dump(job()))
    del written["entityId"]

    assert wire.load_jobs(json.dumps([written]).encode()) == [job()]


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        wire.JobLog(
            workflow_id="wf.example.io/a:1",
            job_id="j1",
            function_block_id="fb.example.io/echo:1.0.0",
            log_entry="hello",
            log_level="info",
            timestamp=datetime(2026, 1, 2),  # noqa: DTZ001
        )


def test_unknown_extensions_are_kept_and_ignored() -> None:
    answer = wire.VersionCompatibility.model_validate_json(
        '{"compatible":true,"deprecated":false,"version":"9","checkedLibrary":"x","checkedVersion":"1",'
        '"extensions":["heldPoll","fromTheFuture"]}'
    )

    assert answer.extensions == [wire.Extension.HELD_POLL, "fromTheFuture"]


def test_a_block_is_referred_to_by_its_exact_version() -> None:
    block = wire.Versionable(package="fb.example.io", name="echo", major_version=1, minor_version=2, patch_version=3)

    assert (block.id, block.version) == ("fb.example.io/echo:1.2.3", "1.2.3")
