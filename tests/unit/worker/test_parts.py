from __future__ import annotations

import asyncio
import os
import signal
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from neops.blocks import Artifact, BlockError, BlockOutcome, BlockRegistry
from neops.entities import EntityCreate, EntityPatch, EntityType, Secret
from neops.errors import SettingsInvalid
from neops.logs import MASK, Redactor
from neops.protocol import Extension, JobDefinition, JobExecutionResult, JobResult, JobResultStatus, JobType
from neops.worker import Backoff, Shutdown, on_signals
from neops.worker.client import EngineClient
from neops.worker.errors import EngineUnavailable
from neops.worker.membership import Membership
from neops.worker.outbox import REFUSED_KEPT, Outbox
from neops.worker.translation import devices_at_hand, read_job, redacted, write_result

PLAIN = Membership(worker_id="w1", extensions=frozenset(), offers=())
FULL = Membership(worker_id="w1", extensions=frozenset(Extension), offers=())


def result(job_id: str) -> JobResult:
    return JobResult(job_execution_id=job_id, status=JobResultStatus.SUCCESS, result=JobExecutionResult(success=True))


def test_delays_double_up_to_a_most_and_are_shortened_by_half_at_the_most() -> None:
    full, half = Backoff(jitter=lambda: 0.0).delays(), Backoff(jitter=lambda: 1.0).delays()

    assert [next(full) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert [next(half) for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]


def test_results_wait_on_disk_oldest_first_until_they_are_dropped(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    first, second = outbox.keep(result("j1")), outbox.keep(result("j2"))
    os.utime(first.path, (1, 1))

    again = Outbox(tmp_path / "outbox")

    assert [kept.job_id for kept in again.waiting()] == ["j1", "j2"]
    outbox.drop(first)
    outbox.drop(first)
    assert again.waiting() == [second]
    assert JobResult.model_validate_json(second.read()) == result("j2")


def test_engines_do_not_share_an_outbox_but_credentials_make_no_difference(tmp_path: Path) -> None:
    plain = Outbox.for_engine("http://e:3030", tmp_path).directory

    assert Outbox.for_engine("http://ops:secret@e:3030", tmp_path).directory == plain
    assert Outbox.for_engine("http://f:3030", tmp_path).directory != plain


def test_a_result_that_the_disk_does_not_take_is_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    (tmp_path / "outbox").rmdir()

    kept = outbox.keep(result("j1"))

    assert JobResult.model_validate_json(kept.read()) == result("j1")
    assert "cannot be written to disk" in caplog.text
    outbox.set_aside(kept.path)
    outbox.drop(kept)


def test_a_state_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsInvalid, match="NEOPS_STATE_DIR"):
        Outbox(tmp_path / "file" / "outbox")


def test_half_a_result_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "abc.12.tmp").write_bytes(b'{"jobExe')

    assert Outbox(tmp_path).waiting() == []


def test_only_the_newest_refused_results_and_no_stale_half_written_ones_are_kept(tmp_path: Path) -> None:
    for number in range(REFUSED_KEPT + 3):
        refused = tmp_path / f"{number}.refused"
        refused.write_bytes(b"{}")
        os.utime(refused, (number, number))
    for name in ("old.12.tmp", "new.13.tmp"):
        (tmp_path / name).write_bytes(b"{")
    os.utime(tmp_path / "old.12.tmp", (1, 1))

    Outbox(tmp_path).tidy()

    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == REFUSED_KEPT + 1
    assert {"0.refused", "1.refused", "2.refused", "old.12.tmp"}.isdisjoint(left)
    assert "new.13.tmp" in left


def test_a_damaged_result_is_set_aside_and_hides_no_other(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.keep(result("j1"))
    (tmp_path / "damaged.json").write_bytes(b"\0\0\0")

    assert [kept.job_id for kept in outbox.waiting()] == ["j1"]
    assert (tmp_path / "damaged.refused").exists()


async def test_an_engine_that_is_not_there_is_named_with_what_the_system_says() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    async with EngineClient.open(f"http://ops:secret@127.0.0.1:{port}", timeout_s=5) as client:
        with pytest.raises(EngineUnavailable) as told:
            await client.push(b"{}")

    assert str(told.value) == f"cannot reach the engine at http://127.0.0.1:{port}: Connection refused"


async def test_signals_ask_for_the_end_once_and_twice() -> None:
    shutdown = Shutdown()
    shutdown.bind()
    before = signal.getsignal(signal.SIGTERM)

    with on_signals(shutdown):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(shutdown.requested(), 10)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(shutdown.insisted(), 10)

    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_stop_asked_before_the_start_counts() -> None:
    shutdown = Shutdown()
    shutdown.request()
    shutdown.bind()

    await asyncio.wait_for(shutdown.requested(), 10)


def test_a_deadline_is_read_by_the_engines_clock(job: Any, registry: BlockRegistry) -> None:
    answered_at = datetime(2020, 1, 1, tzinfo=UTC)
    wire = JobDefinition.model_validate(job("j1", deadline=(answered_at + timedelta(seconds=60)).isoformat()))

    remaining_s = read_job(wire, registry, answered_at).info.deadline.remaining()

    assert remaining_s == pytest.approx(60, abs=5)


def test_what_the_engine_says_is_left_of_the_time_wins_over_clocks(job: Any, registry: BlockRegistry) -> None:
    deadline = datetime(2020, 1, 1, tzinfo=UTC)
    wire = JobDefinition.model_validate(job("j1", deadline=deadline.isoformat(), remainingSeconds=60.5))

    remaining_s = read_job(wire, registry, deadline).info.deadline.remaining()

    assert 55 < remaining_s <= 60.5


@pytest.mark.parametrize(
    ("run_on", "entity_id", "devices"),
    [("device", 1, {1}), ("interface", 11, {1}), ("group", 5, {1, 2}), ("global", None, {1, 2, 3})],
)
def test_a_job_is_about_the_devices_of_its_entity(
    job: Any, run_on: str, entity_id: int | None, devices: set[int]
) -> None:
    context = {
        "devices": [{"id": 1}, {"id": 2}, {"id": 3}],
        "deviceGroups": [{"id": 5, "devices": [{"id": 1}, {"id": 2}]}],
        "interfaces": [{"id": 11, "device": {"id": 1}}, {"id": 12, "device": {"id": 2}}],
    }
    wire = JobDefinition.model_validate(job("j1", runOn=run_on, entityId=entity_id, context=context))

    assert devices_at_hand(wire) == devices
    assert devices_at_hand(wire.model_copy(update={"type": JobType.ACQUIRE})) == frozenset()


def test_only_known_extensions_are_written_into_a_result(job: Any) -> None:
    wire = JobDefinition.model_validate(job("j1"))
    outcome = BlockOutcome(
        success=False,
        message="boom",
        error=BlockError(type="ValueError", message="boom", traceback="Traceback …"),
        artifacts=(Artifact(name="a.txt", data=b"x", media_type="text/plain"),),
    )

    plain, full = write_result(wire, outcome, PLAIN), write_result(wire, outcome, FULL)

    assert (plain.result.error, plain.artifacts) == (None, None)
    assert full.result.error is not None
    assert full.artifacts is not None
    assert full.result.error.type == "ValueError"


def test_an_acquire_job_answers_its_clauses_even_when_there_are_none(job: Any) -> None:
    wire = JobDefinition.model_validate(job("j1", type=JobType.ACQUIRE))

    assert write_result(wire, BlockOutcome(success=True), PLAIN).acquires == []


def an_outcome() -> BlockOutcome:
    patch = EntityPatch(entity=EntityType.DEVICE, id=1, path="facts.note", value={"said": "hunter-22"})
    password = EntityPatch.model_construct(
        entity=EntityType.DEVICE, id=1, path="password", value=Secret("hunter-22"), operation="patch"
    )
    create = EntityCreate(entity=EntityType.DEVICE, id=2**31 - 1, data={"hostname": "r2", "vendor": "hunter-22"})
    return BlockOutcome(
        success=True,
        message="hunter-22",
        data={"rows": ["hunter-22"], "community": "65000:1"},
        error=BlockError(type="E", message="hunter-22", traceback="hunter-22"),
        updates=(patch, password, create),
        artifacts=(Artifact(name="a.txt", data=b"is hunter-22", media_type="text/plain"),),
    )


def test_no_part_of_a_result_shows_a_known_secret_and_entities_keep_their_passwords(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clean = redacted(an_outcome(), Redactor(["hunter-22"]))

    note, password, create = clean.updates
    assert "hunter-22" not in repr(clean)
    assert clean.data == {"rows": [MASK], "community": "65000:1"}
    assert isinstance(note, EntityPatch)
    assert note.value == {"said": MASK}
    assert isinstance(password, EntityPatch)
    assert password.value == Secret("hunter-22")
    assert isinstance(create, EntityCreate)
    assert create.data == {"hostname": "r2", "vendor": MASK}
    assert [artifact.data for artifact in clean.artifacts] == [f"is {MASK}".encode()]
    assert [record.message for record in caplog.records] == ["a secret was masked in an artifact"]


def test_data_and_files_can_be_left_as_they_are() -> None:
    outcome = an_outcome()
    clean = redacted(outcome, Redactor(["hunter-22"]), data=False)

    assert (clean.data, clean.updates, clean.artifacts) == (outcome.data, outcome.updates, outcome.artifacts)
    assert (clean.message, clean.error) == (MASK, BlockError(type="E", message=MASK, traceback=MASK))
