from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nornir.core import Nornir
from nornir.core.inventory import Host
from nornir.core.task import MultiResult, Result, Task

from neops.concurrency import Deadline, deadline
from neops.errors import NotStarted, OperationTimedOut
from neops_cms_inventory import NeopsRunner
from neops_cms_inventory.runner import Limits

NornirWith = Callable[..., Nornir]


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What hanging tasks wait for; set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def named(task: Task) -> Result:
    return Result(host=task.host, result=task.host.name)


def test_results_come_in_the_order_of_the_hosts(nornir_with: NornirWith) -> None:
    answers = nornir_with(NeopsRunner(num_workers=2), hosts=5).run(task=named)

    assert [(name, answers[name].result) for name in answers] == [(f"r{n}", f"r{n}") for n in range(1, 6)]


def test_no_more_hosts_run_at_a_time_than_there_are_workers(nornir_with: NornirWith) -> None:
    running: set[str] = set()
    together = threading.Barrier(3)
    most: list[int] = []

    def count(task: Task) -> None:
        running.add(task.host.name)
        together.wait(5)
        most.append(len(running))
        together.wait(5)
        running.discard(task.host.name)

    answers = nornir_with(NeopsRunner(num_workers=3), hosts=9).run(task=count)

    assert not answers.failed
    assert max(most) == 3


def test_one_host_that_fails_costs_the_others_nothing(nornir_with: NornirWith) -> None:
    def work(task: Task) -> None:
        if task.host.name == "r2":
            raise SystemExit("a library thinks that it is the program")

    nornir = nornir_with(NeopsRunner())
    answers = nornir.run(task=work)

    assert list(answers.failed_hosts) == ["r2"]
    assert isinstance(answers["r2"].exception, SystemExit)
    assert nornir.data.failed_hosts == {"r2"}
    assert list(nornir.run(task=named)) == ["r1", "r3"]


def test_progress_that_fails_costs_no_host_its_turn(nornir_with: NornirWith, caplog: pytest.LogCaptureFixture) -> None:
    def fail(done: int, total: int | None, message: str | None) -> None:
        raise RuntimeError("nobody listens")

    answers = nornir_with(NeopsRunner(num_workers=1, timeout=10, progress=fail), hosts=3).run(task=named)

    assert not answers.failed
    assert "progress could not be told" in caplog.text


@pytest.mark.parametrize("workers", [0, -1])
def test_a_runner_without_workers_is_refused(workers: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        NeopsRunner(num_workers=workers)


def test_a_host_that_hangs_is_given_up_at_the_deadline_and_the_other_results_are_kept(
    nornir_with: NornirWith, released: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    def work(task: Task) -> str:
        if task.host.name == "r1":
            released.wait(30)
        return "done"

    with deadline(Deadline.after(0.5)):
        answers = nornir_with(NeopsRunner(num_workers=2)).run(task=work)

    assert isinstance(answers["r1"].exception, OperationTimedOut)
    assert [answers[name].result for name in ("r2", "r3")] == ["done", "done"]
    assert list(answers.failed_hosts) == ["r1"]
    (warning,) = [record for record in caplog.records if record.name == "neops_cms_inventory.runner"]
    assert vars(warning)["hosts"] == ["r1"]


@pytest.mark.parametrize(
    ("left_s", "calls_s", "waits_s"), [(0.4, 0.2, 0.3), (2.0, 1.5, 1.75), (20.0, 18.0, 18.25), (600.0, 595.0, 595.25)]
)
def test_a_run_ends_in_time_for_the_block_to_use_its_results(left_s: float, calls_s: float, waits_s: float) -> None:
    limits = Limits.within(Deadline(left_s, clock=lambda: 0.0), None)

    assert limits.calls.at == pytest.approx(calls_s)
    assert limits.waits.at == pytest.approx(waits_s)


def test_no_host_is_started_after_the_deadline(nornir_with: NornirWith, released: threading.Event) -> None:
    asked: list[str] = []

    def work(task: Task) -> None:
        asked.append(task.host.name)
        released.wait(30)

    answers = nornir_with(NeopsRunner(num_workers=1, until=Deadline.after(0.3))).run(task=work)
    released.set()

    assert {name: type(answers[name].exception) for name in answers} == {
        "r1": OperationTimedOut,
        "r2": NotStarted,
        "r3": NotStarted,
    }
    assert asked == ["r1"]


def test_a_plain_script_may_give_a_run_its_time(nornir_with: NornirWith, released: threading.Event) -> None:
    answers = nornir_with(NeopsRunner(timeout=0.1), hosts=1).run(task=lambda task: released.wait(30), name="wait")

    assert str(answers["r1"].exception) == "r1: wait was not done in time"


def test_a_stopped_runner_comes_back_at_once_and_starts_nothing(
    nornir_with: NornirWith, released: threading.Event
) -> None:
    runner = NeopsRunner(num_workers=1)
    nornir = nornir_with(runner)

    def stop_and_wait(task: Task) -> None:
        runner.stop()
        released.wait(30)

    answers = nornir.run(task=stop_and_wait)
    nornir.data.reset_failed_hosts()

    assert isinstance(answers["r2"].exception, NotStarted)
    assert all(isinstance(one.exception, NotStarted) for one in nornir.run(task=named).values())


def test_progress_counts_hosts_and_leaves_nornirs_own_cleaning_up_out(nornir_with: NornirWith) -> None:
    said: list[tuple[int, int | None, str | None]] = []

    def fail_on_r2(task: Task) -> Result:
        return Result(host=task.host, failed=task.host.name == "r2")

    nornir = nornir_with(NeopsRunner(1, progress=lambda done, total, message: said.append((done, total, message))))
    nornir.run(task=fail_on_r2)
    nornir.close_connections()

    assert said == [
        (1, 3, "fail_on_r2: r1 ok"),
        (2, 3, "fail_on_r2: r2 failed"),
        (3, 3, "fail_on_r2: r3 ok"),
    ]


def test_connections_can_be_closed_after_the_deadline(nornir_with: NornirWith) -> None:
    nornir = nornir_with(NeopsRunner(until=Deadline.after(0)))
    closed: list[Any] = []

    class Connection:
        def close(self) -> None:
            closed.append(self)

    for host in nornir.inventory.hosts.values():
        host.connections["theirs"] = Connection()  # type: ignore[assignment]  # all that is called
    nornir.close_connections()

    assert len(closed) == 3


def test_a_connection_that_does_not_close_is_left_behind(
    nornir_with: NornirWith, released: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    class Connection:
        def close(self) -> None:
            released.wait(30)

    nornir = nornir_with(NeopsRunner(until=Deadline.after(0)))
    nornir.inventory.hosts["r1"].connections["theirs"] = Connection()  # type: ignore[assignment]  # all that is called

    nornir.close_connections()

    (warning,) = [record for record in caplog.records if record.name == "neops_cms_inventory.runner"]
    assert vars(warning)["hosts"] == ["r1"]


def test_processors_hear_of_every_host(nornir_with: NornirWith) -> None:
    heard: list[tuple[str, str]] = []

    class Heard:
        def task_started(self, task: Task) -> None:
            heard.append(("task", task.name))

        def task_completed(self, task: Task, result: Any) -> None:
            heard.append(("done", ",".join(result)))

        def task_instance_started(self, task: Task, host: Host) -> None:
            heard.append(("start", host.name))

        def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
            heard.append(("end", host.name))

        def subtask_instance_started(self, task: Task, host: Host) -> None: ...

        def subtask_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None: ...

    nornir_with(NeopsRunner(1), hosts=2).with_processors([Heard()]).run(task=named)

    assert heard == [
        ("task", "named"),
        ("start", "r1"),
        ("end", "r1"),
        ("start", "r2"),
        ("end", "r2"),
        ("done", "r1,r2"),
    ]


def test_tasks_log_in_the_name_of_whoever_runs_them(nornir_with: NornirWith, caplog: pytest.LogCaptureFixture) -> None:
    from neops.logs import log_context
    from neops.logs.context import current_fields

    seen: list[dict[str, object]] = []
    with caplog.at_level(logging.INFO), log_context(job="job-1"):
        nornir_with(NeopsRunner(2)).run(task=lambda task: seen.append(dict(current_fields())), name="look")

    assert seen == [{"job": "job-1"}] * 3
