"""What a run did, device by device: worked out from its jobs, shown by `render`, printed as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from neops.engine.store.records import BlockId, Job, JobEnding, Run
from neops.entities import Device, DeviceOutcome, EntityType, Outcome
from neops.protocol import JobResultStatus, JobType, JsonObject, RunStatus

_UNREACHABLE = frozenset(
    {
        "Unreachable",
        "DeviceHeldOff",
        "DeviceExcluded",
        "AuthenticationFailed",
        "CredentialsUnavailable",
        "HostKeyRejected",
        "ConnectFailed",
    }
)
"""Errors that mean that the device was not reached: nothing can be said about it."""


@dataclass(frozen=True, kw_only=True)
class DeviceReport:
    """One line of the closing table. `seconds` is the time its jobs took together, `data` what each step answered."""

    name: str
    platform: str | None
    plugins: tuple[str, ...]
    version: str | None
    outcome: Outcome
    message: str
    seconds: float
    steps: Mapping[str, bool] = field(default_factory=dict)
    data: Mapping[str, JsonObject] = field(default_factory=dict)

    @property
    def differences(self) -> tuple[str, ...]:
        """What its steps changed, or in a dry run would change: the `diff` in what they answered."""
        found = (answer.get("diff") for answer in self.data.values())
        return tuple(text for text in found if isinstance(text, str) and text.strip())

    def to_json(self) -> JsonObject:
        return {
            "device": self.name,
            "platform": self.platform,
            "plugins": list(self.plugins),
            "version": self.version,
            "result": self.outcome.value,
            "message": self.message,
            "seconds": round(self.seconds, 3),
            "steps": dict(self.steps),
            "data": dict(self.data),
        }


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """The end of a run. `others` are failures of jobs that ran for no device."""

    run: Run
    devices: tuple[DeviceReport, ...]
    others: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    artifacts_folder: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether everything went well, devices included that the workflow went on without."""
        good = all(device.outcome in (Outcome.OK, Outcome.CHANGED, Outcome.SKIPPED) for device in self.devices)
        return good and not self.others and self.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_ACK)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many devices ended how; all outcomes are there."""
        found = Counter(device.outcome for device in self.devices)
        return {outcome: found[outcome] for outcome in Outcome}

    @property
    def elapsed(self) -> timedelta:
        """From creation to the end of the last step."""
        return (self.run.finished_at or self.run.updated_at) - self.run.created_at

    def to_json(self) -> JsonObject:
        """The report as `--json` prints it."""
        return {
            "run": self.run.id,
            "workflow": self.run.workflow_id,
            "status": self.run.status.value,
            "reasonCode": None if self.run.reason_code is None else self.run.reason_code.value,
            "reason": self.run.reason,
            "ok": self.succeeded,
            "seconds": round(self.elapsed.total_seconds(), 3),
            "counts": {outcome.value: number for outcome, number in self.counts.items()},
            "devices": [device.to_json() for device in self.devices],
            "failures": list(self.others),
            "artifacts": {"folder": self.artifacts_folder, "files": list(self.artifacts)},
        }


def device_report(
    device: Device, jobs: Sequence[Job], plugins: tuple[str, ...], changing: Collection[BlockId] = ()
) -> DeviceReport:
    """What the run's EXECUTE jobs on one device come to.

    `jobs` in the order of their steps; `changing` are the blocks that are not pure. A job of such a block counts as a
    change unless its result data says `changed: false`.
    """
    broken = next((job for job in jobs if not _succeeded(job)), None)
    outcome, message = (Outcome.SKIPPED, "no step ran for it") if not jobs else (Outcome.OK, _message(jobs[-1]))
    if broken is not None:
        outcome = _failure(broken)
        message = f"{broken.step_label}: {_message(broken).removeprefix(f'{device.name}: ')}"
    elif any(job.block in changing and _data(job).get("changed") is not False for job in jobs):
        outcome = Outcome.CHANGED
    return DeviceReport(
        name=device.name,
        platform=device.platform_name,
        plugins=plugins,
        version=_version(device, jobs),
        outcome=outcome,
        message=message,
        seconds=sum(_seconds(job) for job in jobs),
        steps={job.step_label: _succeeded(job) for job in jobs},
        data={job.step_label: data for job in jobs if (data := _data(job))},
    )


def shares(job: Job) -> Mapping[str, Job]:
    """By device name, what a job of a group or of all comes to for each device that its result data tells of.

    That is what a block that answers `group_result` puts into `devices`. A device that was not asked has no share.
    """
    try:
        outcomes = _OUTCOMES.validate_python(_data(job).get("devices"))
    except ValidationError:
        return {}
    return {name: _share(job, one) for name, one in outcomes.items() if one.status is not Outcome.SKIPPED}


_OUTCOMES = TypeAdapter(dict[str, DeviceOutcome])


def _share(job: Job, outcome: DeviceOutcome) -> Job:
    message = outcome.message or (str(outcome.data) if isinstance(outcome.data, str | int | float) else outcome.status)
    data = outcome.data if isinstance(outcome.data, dict) else {}
    result: JsonObject = {"message": message, "data": {**data, "changed": outcome.status is Outcome.CHANGED}}
    if outcome.status is Outcome.UNREACHABLE:
        result["error"] = {"type": "Unreachable"}
    elif outcome.status is Outcome.ERRORED:
        result["error"] = {"type": "DeviceError"}
    status = JobResultStatus.SUCCESS if outcome.status.good else JobResultStatus.FAILED
    return replace(job, run_on=EntityType.DEVICE, result_status=status, result=result)


def failures_elsewhere(jobs: Iterable[Job], devices: frozenset[int], groups: Mapping[int, str]) -> tuple[str, ...]:
    """Failed jobs that belong to no device of the report; `groups` are names by id."""

    def where(job: Job) -> str:
        group = groups.get(job.entity_id or 0) if job.run_on is EntityType.GROUP else None
        return job.step_label if group is None else f"{job.step_label} of {group}"

    return tuple(
        f"{where(job)}: {_message(job)}"
        for job in jobs
        if not _succeeded(job)
        and not (job.type is JobType.EXECUTE and job.run_on is EntityType.DEVICE and job.entity_id in devices)
    )


def _succeeded(job: Job) -> bool:
    return job.result_status in (JobResultStatus.SUCCESS, JobResultStatus.SUCCESS_ACK)


def _failure(job: Job) -> Outcome:
    error = (job.result or {}).get("error")
    if not isinstance(error, dict):
        return Outcome.FAILED
    return Outcome.UNREACHABLE if error.get("type") in _UNREACHABLE else Outcome.ERRORED


def _message(job: Job) -> str:
    text = (job.result or {}).get("message")
    if text:
        return str(text)
    if job.ending is JobEnding.RESULT:
        return "" if _succeeded(job) else "it failed without a message"
    return job.ending.value if job.ending else "did not end"


def _data(job: Job) -> JsonObject:
    data = (job.result or {}).get("data")
    return data if isinstance(data, dict) else {}


def _version(device: Device, jobs: Sequence[Job]) -> str | None:
    found = (_data(job).get(key) for job in jobs for key in ("os_version", "version"))
    return next((str(version) for version in found if version), device.software_release)


def _seconds(job: Job) -> float:
    if job.started_at is None or job.finished_at is None:
        return 0.0
    return (job.finished_at - job.started_at).total_seconds()
