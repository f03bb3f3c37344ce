from __future__ import annotations

import asyncio
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from neops.cms import EntityStore
from neops.engine.runs.states import MOVES
from neops.engine.store.records import EventKind, Lease
from neops.entities import EntityType
from neops.protocol import JsonObject, ReasonCode, RunStatus, UnsafeCause

OK: JsonObject = {"success": True, "message": "fine"}


def _name(lease: Lease) -> str:
    devices: Any = lease.context["devices"]
    return str(devices[0]["hostname"])


def _fails(*names: str) -> Any:
    return lambda lease: {"success": False, "message": "is down"} if _name(lease) in names else OK


async def test_a_run_passes_every_status_and_logs_each_move_once(engine: Any) -> None:
    await engine.offer("facts")

    run = await engine.work(await engine.run({"label": "facts", "functionBlock": "b.example.io/facts:1"}), lambda _: OK)

    events = await engine.events(run.id)
    statuses = [RunStatus(str(event.data["status"])) for event in events if event.kind is EventKind.RUN]
    assert run.status is RunStatus.COMPLETED_ACK
    assert statuses[0] is RunStatus.NEW
    assert all(after in MOVES[before] for before, after in pairwise(statuses))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_each_device_gets_a_job_with_itself_in_the_context(engine: Any) -> None:
    await engine.offer("facts")

    await engine.work(await engine.run({"label": "facts", "functionBlock": "b.example.io/facts:1"}), lambda _: OK)

    assert [_name(lease) for lease in engine.leases] == ["r1", "r2", "r3"]
    assert all("password" not in str(lease.context) for lease in engine.leases)


async def test_the_seed_query_chooses_the_devices(engine: Any) -> None:
    await engine.offer("facts")

    run = await engine.run(
        {"label": "facts", "functionBlock": "b.example.io/facts:1"}, query="platform.short_name:arista_eos"
    )
    await engine.work(run, lambda _: OK)

    assert [_name(lease) for lease in engine.leases] == ["r2", "r3"]


async def test_a_query_that_finds_nothing_fails_the_run_and_says_so(engine: Any) -> None:
    await engine.offer("facts")

    run = await engine.ended(
        await engine.run({"label": "f", "functionBlock": "b.example.io/facts:1"}, query="hostname:r9")
    )

    assert (run.status, run.reason_code) == (RunStatus.FAILED_SAFE_ACK, ReasonCode.ACQUIRE_FAILED)
    assert "hostname:r9" in str(run.reason)


async def test_later_steps_see_the_results_of_earlier_ones(engine: Any) -> None:
    await engine.offer("facts")
    await engine.offer("check")
    await engine.work(
        await engine.run(
            {"label": "facts", "functionBlock": "b.example.io/facts:1"},
            {
                "label": "check",
                "functionBlock": "b.example.io/check:1",
                "condition": {"type": "jmes", "jmes": "context.device.hostname != 'r2'"},
                "parameters": {"version": "{{ facts.result.data.version }}", "all": "{{ length(facts.results) }}"},
            },
        ),
        lambda lease: {**OK, "data": {"version": _name(lease).upper()}},
    )

    checks = {_name(lease): lease.parameters for lease in engine.leases if lease.step_label == "check"}
    assert checks == {"r1": {"version": "R1", "all": 3}, "r3": {"version": "R3", "all": 3}}


async def test_updates_are_seen_by_later_steps_and_kept_when_the_run_completes(engine: Any) -> None:
    await engine.offer("facts")
    await engine.offer("check")

    def answer(lease: Lease) -> JsonObject:
        update: JsonObject = {
            "operation": "patch",
            "entity": "device",
            "id": lease.entity_id,
            "path": "model",
            "value": "x",
        }
        return {**OK, "dbUpdates": {"updates": [update]}} if lease.step_label == "facts" else OK

    await engine.work(
        await engine.run(
            {"label": "facts", "functionBlock": "b.example.io/facts:1"},
            {
                "label": "check",
                "functionBlock": "b.example.io/check:1",
                "parameters": {"model": "{{ context.device.model }}"},
            },
        ),
        answer,
    )

    stored = await engine.store.read(
        lambda connection: EntityStore().ids(connection, EntityType.DEVICE, query="model:x")
    )
    assert [lease.parameters for lease in engine.leases if lease.step_label == "check"] == [{"model": "x"}] * 3
    assert stored == [1, 2, 3]


async def test_a_failed_device_fails_the_run_after_the_others_have_answered(engine: Any) -> None:
    await engine.offer("facts")
    await engine.offer("check")

    run = await engine.work(
        await engine.run(
            {"label": "facts", "functionBlock": "b.example.io/facts:1"},
            {"label": "check", "functionBlock": "b.example.io/check:1"},
        ),
        _fails("r1"),
    )

    assert (run.status, run.reason_code) == (RunStatus.FAILED_SAFE_ACK, ReasonCode.STEP_FAILED)
    assert run.reason == "step 'facts' failed: r1: is down"
    assert len(engine.leases) == 3


async def test_a_message_that_names_its_device_is_not_given_the_name_again(engine: Any) -> None:
    await engine.offer("facts")

    run = await engine.work(
        await engine.run({"label": "facts", "functionBlock": "b.example.io/facts:1"}),
        lambda lease: {"success": False, "message": f"{_name(lease)}: no answer"} if _name(lease) == "r1" else OK,
    )

    assert run.reason == "step 'facts' failed: r1: no answer"


async def test_with_continue_on_error_only_the_failed_device_leaves_the_run(engine: Any) -> None:
    await engine.offer("facts")
    await engine.offer("check")

    run = await engine.work(
        await engine.run(
            {"label": "facts", "functionBlock": "b.example.io/facts:1", "continueOnError": True},
            {"label": "check", "functionBlock": "b.example.io/check:1"},
        ),
        _fails("r2"),
    )

    assert run.status is RunStatus.COMPLETED_ACK
    assert [_name(lease) for lease in engine.leases if lease.step_label == "check"] == ["r1", "r3"]


async def test_a_failure_after_a_change_is_unsafe_and_keeps_the_locks(engine: Any) -> None:
    await engine.offer("push", pure=False)

    run = await engine.work(await engine.run({"label": "push", "functionBlock": "b.example.io/push:1"}), _fails("r3"))

    assert (run.status, run.unsafe_cause) == (RunStatus.FAILED_UNSAFE_ACK, UnsafeCause.ROLLBACK_BLOCKED)
    assert len(await engine.store.runs.held_locks(run.id)) == 3
    waiting = await engine.until(await engine.again(), lambda run: run.retry_note is not None)
    assert f"is locked by run {run.id}, which failed after it may have changed something" in waiting.retry_note


async def test_a_run_waits_for_the_locks_of_another_and_says_whose(engine: Any) -> None:
    await engine.offer("push", pure=False)
    first = await engine.run({"label": "push", "functionBlock": "b.example.io/push:1"})
    leases = await engine.claim()

    second = await engine.again()
    waiting = await engine.until(second, lambda run: run.retry_note is not None)

    assert first.id in waiting.retry_note
    for lease in leases:
        await engine.push(lease, OK)
    assert (await engine.ended(first)).status is RunStatus.COMPLETED_ACK


async def test_an_abort_ends_the_run_within_the_grace_although_a_job_hangs(engine: Any) -> None:
    await engine.offer("facts")
    run = await engine.run({"label": "facts", "functionBlock": "b.example.io/facts:1"})
    await engine.claim()

    await engine.service.abort(run.id, by="alice")
    await engine.service.abort(run.id, by="alice")
    ended = await engine.ended(run)
    assert (ended.status, ended.reason_code, ended.aborted_by) == (
        RunStatus.FAILED_SAFE_ACK,
        ReasonCode.ABORTED,
        "alice",
    )
    assert ended.reason == "aborted by alice"


async def test_a_typo_in_a_reference_is_told_with_a_suggestion(engine: Any) -> None:
    await engine.offer("facts")

    run = await engine.ended(await engine.run({"label": "f", "functionBlock": "b.example.io/fact:1"}))

    assert (run.status, run.reason_code) == (RunStatus.FAILED_SAFE_ACK, ReasonCode.UNRESOLVED_REFERENCE)
    assert "did you mean 'b.example.io/facts'" in str(run.reason)


async def test_what_the_engine_cannot_do_yet_is_refused_not_ignored(engine: Any) -> None:
    await engine.offer("facts")

    run = await engine.ended(
        await engine.run({"label": "f", "functionBlock": "b.example.io/facts:1", "retryConfig": {"maxRetries": 2}})
    )

    assert run.reason_code is ReasonCode.INVALID_WORKFLOW
    assert "steps[0].retryConfig: is not supported" in str(run.reason)


async def test_result_data_that_does_not_fit_its_schema_fails_the_device(engine: Any) -> None:
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
    await engine.offer("facts", result_schema=schema)

    run = await engine.work(
        await engine.run({"label": "f", "functionBlock": "b.example.io/facts:1"}),
        lambda _: {**OK, "data": {"count": "many"}},
    )

    assert run.reason_code is ReasonCode.INVALID_RESULT
    assert "data.count" in str(run.reason)


async def test_defaults_of_the_parameter_schema_reach_the_jobs(engine: Any) -> None:
    await engine.offer("facts")
    schema = {"type": "object", "properties": {"limit": {"type": "integer", "default": 5}}}

    await engine.work(
        await engine.run(
            {"label": "f", "functionBlock": "b.example.io/facts:1", "parameters": {"n": "{{ parameters.limit }}"}},
            parameterSchema=schema,
        ),
        lambda _: OK,
    )

    assert engine.leases[0].parameters == {"n": 5}


async def test_what_an_acquire_job_asks_for_is_added_to_the_context(engine: Any) -> None:
    await engine.offer("facts", run_on="global", own_acquire=True)
    clause = {"type": "elastic", "entity": "device", "query": "hostname:r3", "assertNotEmpty": True}

    run = await engine.work(
        await engine.run({"label": "f", "functionBlock": "b.example.io/facts:1"}, seedEntity="global"),
        lambda lease: {**OK, "acquires": [clause]} if lease.type == "acquire" else OK,
    )

    assert run.status is RunStatus.COMPLETED_ACK
    assert [lease.type.value for lease in engine.leases] == ["acquire", "execute"]
    assert _name(engine.leases[1]) == "r3"


async def test_a_run_waits_while_the_store_cannot_be_written_and_then_goes_on(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("neops.engine.runs.scheduler._STORE_RETRY_S", 0)
    await engine.offer("facts")
    await engine.store.write(lambda connection, _: connection.exec_driver_sql("PRAGMA busy_timeout=0"))
    run = await engine.run({"label": "facts", "functionBlock": "b.example.io/facts:1"}, query="hostname:r1")
    holder = sqlite3.connect(tmp_path / "neops.db", isolation_level=None)

    for lease in await engine.claim():
        await engine.push(lease, OK)
    holder.execute("BEGIN IMMEDIATE")  # before the scheduler has its turn
    while "a run waits for the store" not in caplog.text:
        await asyncio.sleep(0)
    holder.close()

    assert (await engine.work(run, lambda _: OK)).status is RunStatus.COMPLETED_ACK


async def test_a_run_that_cannot_even_be_ended_does_not_stop_the_others(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a mistake of ours")

    await engine.offer("facts")
    with monkeypatch.context() as patched:
        patched.setattr(engine.scheduler, "_carry_on", broken)
        patched.setattr(engine.scheduler, "fail", broken)
        run = await engine.run({"label": "facts", "functionBlock": "b.example.io/facts:1"})
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    engine.scheduler.wake(run.id)

    assert (await engine.work(run, lambda _: OK)).status is RunStatus.COMPLETED_ACK
