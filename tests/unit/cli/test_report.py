from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from neops.cli.following import RunView
from neops.cli.render import live_view, print_report
from neops.cli.report import RunReport, device_report, failures_elsewhere, shares
from neops.engine.store.records import BlockId, DefinitionId, Job, JobEnding, JobId, Run, RunId, StepKey
from neops.entities import Device, EntityType, Outcome, Platform
from neops.protocol import JobResultStatus, JobStatus, JobType, JsonObject, RunStatus, RunTargets

NOW = datetime(2026, 1, 2, tzinfo=UTC)
R1 = Device(id=1, hostname="r1", platform=Platform(short_name="cisco_ios"), software_release="15.2")
BLOCK = BlockId("b.example.io/push:1.0.0")

MakeJob = Callable[..., Job]


@pytest.fixture
def job() -> MakeJob:
    """A job on r1 that took two seconds and succeeded unless a result says otherwise."""

    def make(label: str = "facts", entity_id: int | None = 1, **result: Any) -> Job:
        answer: JsonObject = {"success": True, "message": "fine", **result}
        status = JobResultStatus.SUCCESS if answer["success"] else JobResultStatus.FAILED
        return Job(
            id=JobId(label),
            run=RunId("run"),
            step=StepKey(label),
            step_label=label,
            wave=0,
            type=JobType.EXECUTE,
            block=BLOCK,
            run_on=EntityType.DEVICE,
            entity_id=entity_id,
            status=JobStatus.PUSHED,
            ending=JobEnding.RESULT,
            result_status=status,
            attempt=1,
            replaces=None,
            superseded=False,
            worker=None,
            worker_name=None,
            worker_deleted=False,
            created_at=NOW,
            updated_at=NOW,
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=2),
            deadline=None,
            result=answer,
        )

    return make


def test_a_device_whose_jobs_went_well_is_ok_and_its_time_is_theirs_together(job: MakeJob) -> None:
    report = device_report(R1, [job("facts", data={"os_version": "16.1"}), job("backup")], ("scrapli",))

    assert (report.outcome, report.seconds, report.version) == (Outcome.OK, 4.0, "16.1")
    assert report.steps == {"facts": True, "backup": True}


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.SKIPPED])
def test_a_device_has_its_share_of_a_job_that_ran_for_a_group(job: MakeJob, outcome: Outcome) -> None:
    others = {"status": "ok", "message": "", "data": {"os_version": "17.9"}}
    of_group = job(success=False, data={"devices": {"r1": {"status": outcome.value, "message": "why"}, "r2": others}})

    share = shares(replace(of_group, run_on=EntityType.GROUP))["r1"]
    report = device_report(R1, [share], (), {BLOCK})

    assert (report.outcome, report.message.removeprefix("facts: ")) == (outcome, "why")


def test_a_device_that_a_group_job_did_not_ask_has_no_share(job: MakeJob) -> None:
    assert shares(job(data={"devices": {"r1": {"status": "skipped"}}})) == {}
    assert shares(job(data={"devices": ["r1"]})) == {}


def test_a_failed_job_of_a_group_is_no_devices(job: MakeJob) -> None:
    of_group = replace(job(success=False, message="broken"), run_on=EntityType.GROUP, entity_id=7)

    assert failures_elsewhere([of_group], frozenset({1}), {7: "core"}) == ("facts of core: broken",)
    assert failures_elsewhere([of_group], frozenset({1}), {}) == ("facts: broken",)


def test_a_device_without_a_job_was_skipped() -> None:
    assert device_report(R1, [], ()).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.FAILED),
        ({"type": "Unreachable"}, Outcome.UNREACHABLE),
        ({"type": "AuthenticationFailed"}, Outcome.UNREACHABLE),
        ({"type": "ZeroDivisionError"}, Outcome.ERRORED),
    ],
)
def test_a_wrong_network_broken_code_and_an_unreachable_device_stay_apart(
    job: MakeJob, error: JsonObject | None, outcome: Outcome
) -> None:
    report = device_report(R1, [job(success=False, message="r1: no route", error=error)], ())

    assert (report.outcome, report.message) == (outcome, "facts: no route")


@pytest.mark.parametrize(
    ("data", "outcome"), [({}, Outcome.CHANGED), ({"changed": True}, Outcome.CHANGED), ({"changed": False}, Outcome.OK)]
)
def test_a_block_that_is_not_pure_counts_as_a_change_unless_it_says_no(
    job: MakeJob, data: JsonObject, outcome: Outcome
) -> None:
    assert device_report(R1, [job(data=data)], (), changing={BLOCK}).outcome is outcome


def test_failures_that_belong_to_no_device_of_the_report_are_told_apart(job: MakeJob) -> None:
    jobs = [job(success=False, message="on r1"), job("sum", entity_id=None, success=False, message="no sum")]

    assert failures_elsewhere(jobs, frozenset({1}), {}) == ("sum: no sum",)


@pytest.mark.parametrize(
    ("status", "success", "good"),
    [
        (RunStatus.COMPLETED_ACK, True, True),
        (RunStatus.COMPLETED_ACK, False, False),
        (RunStatus.FAILED_SAFE_ACK, True, False),
    ],
)
def test_a_run_is_good_when_it_completed_and_no_device_failed(
    job: MakeJob, status: RunStatus, success: bool, good: bool
) -> None:
    report = RunReport(run=_run(status), devices=(device_report(R1, [job(success=success)], ()),))

    assert report.succeeded is good
    assert report.to_json()["ok"] is good


def test_a_job_without_a_message_is_not_told_in_words_of_the_store(job: MakeJob) -> None:
    assert device_report(R1, [job(message=None)], ()).message == ""
    assert device_report(R1, [job(message=None, success=False)], ()).message == "facts: it failed without a message"
    assert device_report(R1, [replace(job(), ending=None, result_status=None, result=None)], ()).message == (
        "facts: did not end"
    )


def _printed(reason: str | None, *jobs: Job, device: Device = R1, **shown: bool) -> list[str]:
    run = replace(_run(RunStatus.FAILED_SAFE_ACK), reason=reason)
    console = Console(file=io.StringIO(), width=200)
    print_report(console, RunReport(run=run, devices=(device_report(device, jobs, ()),)), **shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_what_went_wrong_on_a_device_is_said_once(job: MakeJob) -> None:
    lines = _printed("step 'facts' failed: r1: no route", job(success=False, message="no route"))

    assert "failed r1: facts: no route" in lines
    assert "failed_safe_ack step 'facts' failed" in lines


def test_a_reason_that_no_device_gave_is_told_in_full() -> None:
    reason = "no device matches the query 'hostname:r9'"

    assert f"failed_safe_ack {reason}" in _printed(reason)


def test_where_no_version_is_known_the_table_says_what_the_last_step_said(job: MakeJob) -> None:
    new = Device(id=1, hostname="r1")

    assert any("up for 2.0 days" in line for line in _printed(None, job(message="up for 2.0 days"), device=new))
    assert not any("up for" in line for line in _printed(None, job(message="up for 2.0 days")))


def test_differences_are_shown_to_those_who_ask_and_are_in_the_json(job: MakeJob) -> None:
    done = job("change", data={"changed": True, "diff": "  system\n+ ntp 192.0.2.7\n"})

    assert "+ ntp 192.0.2.7" in _printed(None, done, job("look"), differences=True)
    assert "+ ntp 192.0.2.7" not in _printed(None, done)
    assert device_report(R1, [done], ()).to_json()["data"] == {
        "change": {"changed": True, "diff": "  system\n+ ntp 192.0.2.7\n"}
    }


def test_a_device_is_one_line_of_the_moving_table_however_narrow_the_terminal() -> None:
    view = RunView([R1])
    view.lines[0].note = "Cisco C9300-48T 17.9.4a " * 5
    console = Console(file=io.StringIO(), width=40)

    console.print(live_view(view, rows=20))

    assert isinstance(console.file, io.StringIO)
    heading, device, summary = console.file.getvalue().splitlines()
    assert device.startswith("r1")
    assert summary == "new: 0 of 0 jobs done"
    assert heading.startswith("device")


def _run(status: RunStatus) -> Run:
    return Run(
        id=RunId("run"),
        workflow_id=DefinitionId("wf.example.io/w:1.0.0"),
        workflow_name="w",
        status=status,
        revision=1,
        parameters={},
        targets=RunTargets(),
        state={},
        reason=None,
        reason_code=None,
        unsafe_cause=None,
        retry_note=None,
        trigger=None,
        authority_basis=None,
        started_by=None,
        started_by_username=None,
        aborted_by=None,
        aborted_by_username=None,
        parent=None,
        locked=False,
        wake_at=None,
        created_at=NOW,
        updated_at=NOW,
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=4),
    )
