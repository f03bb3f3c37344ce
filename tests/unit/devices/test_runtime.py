"""Sessions shared by many callers: order, reuse, deadlines, aborts and what is left afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Any, Protocol

import pytest

from neops.concurrency import Deadline, deadline, run_in_thread
from neops.devices import LoginEvent, ReadsConfig, ReadsFacts, RunsCommands
from neops.entities import ConnectionState
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    CommandRejected,
    ConnectFailed,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops.logs import Redactor


class Everything(RunsCommands, ReadsFacts, Protocol): ...


async def until(true: Any) -> None:
    """Wait for something that another thread does soon."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


async def test_a_device_is_logged_in_at_the_first_call_and_not_before(
    make_runtime: Any, device: Any, network: Any
) -> None:
    router = make_runtime().connect(device("r1"), ReadsFacts)

    assert not network.sessions
    assert (await router.get_facts()).hostname == "r1"


async def test_many_calls_share_one_login(make_runtime: Any, device: Any, network: Any) -> None:
    runtime, r1 = make_runtime(), device("r1")

    for _ in range(5):
        await runtime.connect(r1, RunsCommands).send_command("show version")
        await runtime.connect(r1, ReadsFacts).get_facts()

    statistics = runtime.statistics()
    assert network.logins["r1"] == 1
    assert (statistics.opened, statistics.reused, statistics.open, statistics.waiting) == (1, 9, 1, 0)


async def test_calls_that_arrive_together_at_a_cold_device_log_in_once(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").latency_s = 0.02
    router = make_runtime().connect(device("r1"), RunsCommands)

    await asyncio.gather(*(router.send_command(f"show {number}") for number in range(10)))

    assert network.logins["r1"] == 1


async def test_operations_run_one_at_a_time_in_the_order_of_asking(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").latency_s = 0.001
    runtime, r1 = make_runtime(), device("r1")
    proxies = [runtime.connect(r1, RunsCommands, job=f"job-{number}") for number in range(3)]

    await asyncio.gather(*(proxies[number % 3].send_command(f"{number:02}") for number in range(30)))

    assert [command for _, command in network.commands] == [f"{number:02}" for number in range(30)]
    assert network.most_at_work["r1"] == 1


async def test_a_job_on_another_loop_finds_the_session_warm(make_runtime: Any, device: Any, network: Any) -> None:
    runtime, r1 = make_runtime(), device("r1")

    def job() -> None:
        async def body() -> None:
            await runtime.connect(r1, ReadsFacts).get_facts()

        asyncio.run(body())

    for _ in range(3):
        await asyncio.to_thread(job)

    assert network.logins["r1"] == 1


def test_a_thread_without_a_loop_gets_answers_directly(make_runtime: Any, device: Any) -> None:
    router = make_runtime().connect_blocking(device("r1"), RunsCommands)

    assert router.send_command("show clock").output == "show clock on r1"


async def test_another_password_does_not_ride_on_a_session_that_is_open(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").password = "secret-1"
    runtime = make_runtime()
    await runtime.connect(device("r1"), ReadsFacts).get_facts()

    with pytest.raises(AuthenticationFailed):
        await runtime.connect(device("r1", password="wrong"), ReadsFacts).get_facts()


async def test_a_session_found_dead_is_replaced_before_anything_is_sent(
    make_runtime: Any, device: Any, network: Any
) -> None:
    router = make_runtime().connect(device("r1"), RunsCommands)
    await router.send_command("first")
    network.sessions[0].dead = True

    await router.send_command("second")

    assert network.commands == [("r1", "first"), ("r1", "second")]
    assert network.logins["r1"] == 2
    assert network.sessions[0].aborted.is_set()


async def test_a_command_that_broke_the_session_is_never_sent_again(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").error = ConnectionResetError("connection reset by peer")
    runtime = make_runtime()
    router = runtime.connect(device("r1"), RunsCommands)

    with pytest.raises(SessionLost, match="r1: send_command: connection reset by peer"):
        await router.send_command("reload")

    assert network.commands == [("r1", "reload")]
    assert runtime.statistics().open == 0


async def test_an_answer_that_is_an_error_keeps_the_session(make_runtime: Any, device: Any, network: Any) -> None:
    network.of("r1").error = CommandRejected("r1", "shwo", "% Invalid input")
    router = make_runtime().connect(device("r1"), RunsCommands)
    for _ in range(2):
        with pytest.raises(CommandRejected):
            await router.send_command("shwo")

    assert network.logins["r1"] == 1


async def test_an_error_of_the_plugin_itself_names_device_and_plugin(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").error = KeyError("version")
    router = make_runtime().connect(device("r1"), RunsCommands)

    with pytest.raises(KeyError) as caught:
        await router.send_command("show version")

    assert caught.value.__notes__ == ["r1: in send_command of the plugin fake"]


@pytest.mark.parametrize("hang", ["async", "thread", "deaf"])
async def test_a_hung_command_ends_at_its_deadline_and_the_next_gets_a_fresh_session(
    hang: Any, make_runtime: Any, device: Any, network: Any
) -> None:
    runtime = make_runtime(settings={"command_timeout_s": 0.1})
    router = runtime.connect(device("r1"), Everything)
    network.of("r1").command_hangs = hang
    started = time.monotonic()

    with pytest.raises(OperationTimedOut, match=r"r1: send_command was not done within 0.1 s"):
        await router.send_command("show tech")

    assert (await router.get_facts()).hostname == "r1"
    assert time.monotonic() - started < 2
    assert network.sessions[0].aborted.is_set()
    assert runtime.statistics().aborted == 1


async def test_the_jobs_deadline_wins_where_it_is_nearer(make_runtime: Any, device: Any, network: Any) -> None:
    network.of("r1").command_hangs = "async"
    router = make_runtime().connect(device("r1"), RunsCommands)

    with (
        deadline(Deadline.after(0.1)),
        pytest.raises(OperationTimedOut, match="send_command was not done at the job's deadline"),
    ):
        await router.send_command("show tech")


async def test_waiting_behind_a_hung_operation_ends_at_the_deadline_too(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").command_hangs = "async"
    router = make_runtime().connect(device("r1"), RunsCommands)
    hung = asyncio.create_task(router.send_command("show tech"))
    await until(lambda: network.commands)

    with (
        deadline(Deadline.after(0.1)),
        pytest.raises(OperationTimedOut, match="the deadline passed before send_command had a session"),
    ):
        await router.send_command("show clock")

    hung.cancel()


async def test_each_command_of_a_list_has_its_own_deadline(make_runtime: Any, device: Any, network: Any) -> None:
    network.of("r1").latency_s = 0.05
    router = make_runtime(settings={"command_timeout_s": 0.1}).connect(device("r1"), RunsCommands)

    assert len(await router.send_commands(["show clock"] * 5)) == 5


@pytest.mark.parametrize("hang", ["async", "thread", "deaf"])
async def test_a_cancelled_call_closes_its_session_at_once(
    hang: Any, make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").command_hangs = hang
    runtime = make_runtime()
    call = asyncio.create_task(runtime.connect(device("r1"), RunsCommands).send_command("show tech"))
    await until(lambda: network.commands)
    started = time.monotonic()

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await until(lambda: network.sessions[0].aborted.is_set() and runtime.statistics().open == 0)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("hang", ["async", "thread", "deaf"])
async def test_aborting_a_job_ends_its_calls_and_no_others(
    hang: Any, make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").command_hangs = hang
    network.of("r2").latency_s = 0.05
    runtime = make_runtime()
    router = runtime.connect(device("r1"), RunsCommands, job="job-1")
    calls = [asyncio.create_task(router.send_command(name)) for name in ("running", "waiting")]
    other = asyncio.create_task(
        runtime.connect(device("r2", ip="192.0.2.2"), RunsCommands, job="job-2").send_command("x")
    )
    await until(lambda: ("r1", "running") in network.commands)
    started = time.monotonic()

    aborted = await asyncio.to_thread(runtime.abort, job="job-1")

    for call in calls:
        with pytest.raises(SessionLost, match="r1: send_command was aborted: its job was aborted"):
            await call
    assert aborted == 2
    assert time.monotonic() - started < 1
    assert (await other).output == "x on r2"
    assert ("r1", "waiting") not in network.commands


async def test_a_job_that_is_aborted_while_it_logs_in_sends_nothing(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").latency_s = 0.05
    runtime = make_runtime()
    aborted = asyncio.create_task(runtime.connect(device("r1"), RunsCommands, job="job-1").send_command("of job-1"))
    await until(lambda: network.logging_in)

    runtime.abort(job="job-1")
    await runtime.connect(device("r1"), RunsCommands, job="job-2").send_command("of job-2")

    with pytest.raises(SessionLost):
        await aborted
    assert network.commands == [("r1", "of job-2")]


async def test_a_job_is_aborted_while_a_plugin_blocks_the_runtimes_loop(
    make_runtime: Any, device: Any, network: Any, fake_plugin: Any
) -> None:
    class Blocking(type(fake_plugin().session(device(), None))):  # type: ignore[misc]  # the conftest's session class
        async def send_command(self, command: str, **_: Any) -> Any:
            self.network.commands.append((self.device, command))
            self.aborted.wait(10)  # what a plugin must not do
            raise ConnectionResetError

    runtime = make_runtime(fake_plugin(session=Blocking))
    call = asyncio.create_task(runtime.connect(device("r1"), RunsCommands, job="job-1").send_command("x"))
    await until(lambda: network.commands)

    runtime.abort(job="job-1")

    with pytest.raises(SessionLost):
        await call


async def test_a_hung_login_ends_at_the_connect_deadline(make_runtime: Any, device: Any, network: Any) -> None:
    network.of("r1").open_hangs = "async"
    router = make_runtime(settings={"connect_timeout_s": 0.1}).connect(device("r1", port=22), ReadsFacts)

    with pytest.raises(Unreachable, match=r"r1: no login within 0.1 s at 192.0.2.1:22 through fake"):
        await router.get_facts()


async def test_who_waits_while_a_login_fails_gets_the_same_failure_without_another_attempt(
    make_runtime: Any, device: Any, network: Any
) -> None:
    network.of("r1").unreachable = True
    network.of("r1").latency_s = 0.02
    router = make_runtime().connect(device("r1"), ReadsFacts)

    outcomes = await asyncio.gather(*(router.get_facts() for _ in range(10)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {Unreachable}
    assert network.logins["r1"] == 1
    with pytest.raises(Unreachable):
        await router.get_facts()
    assert network.logins["r1"] == 2


async def test_an_unexpected_error_while_opening_is_a_failed_connect(
    make_runtime: Any, device: Any, fake_plugin: Any
) -> None:
    class Broken(type(fake_plugin().session(device(), None))):  # type: ignore[misc]  # the conftest's session class
        async def open(self) -> None:
            raise ValueError("no such cipher")

    router = make_runtime(fake_plugin(session=Broken)).connect(device("r1"), ReadsFacts)

    with pytest.raises(ConnectFailed, match=r"r1: ValueError at 192.0.2.1 through fake: no such cipher"):
        await router.get_facts()


@pytest.mark.parametrize("kind", ["unreachable", "refuses"])
async def test_what_a_login_that_failed_has_left_open_is_closed(
    kind: str, make_runtime: Any, device: Any, network: Any
) -> None:
    setattr(network.of("r1"), kind, True)

    with pytest.raises(ConnectFailed):
        await make_runtime().connect(device("r1"), ReadsFacts).get_facts()

    assert [session.aborted.is_set() for session in network.sessions] == [True]


async def test_logins_at_the_same_time_are_bounded(make_runtime: Any, device: Any, network: Any) -> None:
    runtime = make_runtime(settings={"concurrent_logins": 4})
    await runtime.connect(device("first"), ReadsFacts).get_facts()
    names = [f"r{number}" for number in range(20)]
    for name in names:
        network.of(name).latency_s = 0.005

    await asyncio.gather(*(runtime.connect(device(name, ip=name), ReadsFacts).get_facts() for name in names))

    assert network.most_logging_in == 4


async def test_listeners_hear_of_good_and_failed_logins(make_runtime: Any, device: Any, network: Any) -> None:
    heard: list[LoginEvent] = []
    runtime = make_runtime(on_login=heard.append)
    good, dead, closed = device("good", ip="1"), device("dead", ip="2"), device("closed", ip="3")
    network.of("dead").unreachable = True
    network.of("closed").refuses = True

    for one in (good, dead, closed):
        with contextlib.suppress(ConnectFailed):
            await runtime.connect(one, ReadsFacts, job="job-1").get_facts()

    assert [(event.device, event.state, event.job) for event in heard] == [
        (good, ConnectionState.OK, "job-1"),
        (dead, ConnectionState.UNREACHABLE, "job-1"),
        (closed, ConnectionState.AUTHFAILURE, "job-1"),
    ]
    assert heard[0].device is good


async def test_the_redactor_knows_every_password_that_was_tried(make_runtime: Any, device: Any) -> None:
    redactor = Redactor()
    await make_runtime(redactor=redactor).connect(device("r1", password="pa55word-1"), ReadsFacts).get_facts()

    assert "pa55word-1" not in redactor.redact("the device echoed pa55word-1")


async def test_it_is_known_which_plugins_served_a_device(make_runtime: Any, device: Any, fake_plugin: Any) -> None:
    commands = fake_plugin(name="commands", capabilities=frozenset({RunsCommands}))
    facts = fake_plugin(name="facts", capabilities=frozenset({ReadsFacts}))
    runtime, r1 = make_runtime(commands, facts), device("r1")
    router = runtime.connect(r1, Everything)

    before = runtime.served_by(r1)
    await router.send_command("show clock")
    await router.get_facts()

    assert (before, runtime.served_by(r1)) == ((), ("commands", "facts"))


async def test_the_devices_own_preference_decides(make_runtime: Any, device: Any, fake_plugin: Any) -> None:
    runtime = make_runtime(fake_plugin(name="first", priority=100), fake_plugin(name="second"))
    r1 = device("r1", options={"neops": {"extras": {"plugins": ["second"]}}})

    await runtime.connect(r1, ReadsFacts).get_facts()

    assert runtime.served_by(r1) == ("second",)


def test_a_capability_that_nobody_has_is_refused_before_any_login(make_runtime: Any, device: Any, network: Any) -> None:
    with pytest.raises(CapabilityMissing, match="no plugin serves ReadsConfig on platform cisco_ios"):
        make_runtime().connect(device("r1"), ReadsConfig)

    assert not network.sessions


def test_what_is_no_capability_is_refused(make_runtime: Any, device: Any) -> None:
    with pytest.raises(TypeError, match="is no capability: ask for a Protocol such as ReadsFacts"):
        make_runtime().connect(device("r1"), str)


async def test_stopping_closes_all_sessions_and_ends_all_threads(make_runtime: Any, device: Any, network: Any) -> None:
    before = threading.active_count()
    runtime = make_runtime()
    for number in range(5):
        await runtime.connect(device(f"r{number}", ip=f"192.0.2.{number}"), ReadsFacts).get_facts()
    network.of("r9").command_hangs = "thread"
    hung = asyncio.create_task(runtime.connect(device("r9", ip="192.0.2.9"), RunsCommands).send_command("x"))
    await until(lambda: network.commands)

    await asyncio.to_thread(runtime.stop)

    with pytest.raises(SessionLost, match="the device runtime was stopped"):
        await hung
    assert network.open_sessions == 0
    assert not [
        thread for thread in threading.enumerate() if thread.name == "neops-devices" and runtime._thread is thread
    ]
    await until(lambda: threading.active_count() <= before + 1)  # asyncio.to_thread keeps one of its own


async def test_a_runtime_that_is_not_running_says_so(make_runtime: Any, device: Any) -> None:
    runtime = make_runtime()
    router = runtime.connect(device("r1"), ReadsFacts)
    await asyncio.to_thread(runtime.stop)

    with pytest.raises(RuntimeError, match="the device runtime is not running"):
        await router.get_facts()


async def test_a_session_is_reset_after_the_answer_and_before_the_next_operation(
    make_runtime: Any, device: Any, network: Any, fake_plugin: Any
) -> None:
    answered = threading.Event()

    class Resetting(type(fake_plugin().session(device(), None))):  # type: ignore[misc]  # the conftest's session class
        async def reset(self) -> None:
            await until(answered.is_set)
            self.network.commands.append((self.device, "reset"))

    router = make_runtime(fake_plugin(session=Resetting)).connect(device("r1"), RunsCommands)
    await router.send_command("one")
    assert network.commands == [("r1", "one")]
    answered.set()

    await router.send_command("two")

    assert network.commands[:3] == [("r1", "one"), ("r1", "reset"), ("r1", "two")]


async def test_a_session_that_is_clean_is_not_reset(
    make_runtime: Any, device: Any, network: Any, fake_plugin: Any
) -> None:
    class Clean(type(fake_plugin().session(device(), None))):  # type: ignore[misc]  # the conftest's session class
        @property
        def clean(self) -> bool:
            return bool(self.network.commands[-1] != (self.device, "config"))

        async def reset(self) -> None:
            self.network.commands.append((self.device, "reset"))

    router = make_runtime(fake_plugin(session=Clean)).connect(device("r1"), RunsCommands)
    for command in ("one", "config", "two"):
        await router.send_command(command)

    assert [command for _, command in network.commands] == ["one", "config", "reset", "two"]


async def test_a_session_that_is_being_reset_is_closed_when_the_runtime_stops(
    make_runtime: Any, device: Any, network: Any, fake_plugin: Any
) -> None:
    class Resetting(type(fake_plugin().session(device(), None))):  # type: ignore[misc]  # the conftest's session class
        async def reset(self) -> None:
            await asyncio.sleep(0.05)

    runtime = make_runtime(fake_plugin(session=Resetting))
    await runtime.connect(device("r1"), RunsCommands).send_command("one")
    assert network.open_sessions == 1

    await asyncio.to_thread(runtime.stop)

    assert network.open_sessions == 0


async def test_a_library_that_blocks_is_left_and_reset_in_the_runtimes_own_threads(
    make_runtime: Any, device: Any, network: Any, fake_plugin: Any
) -> None:
    class Blocking(type(fake_plugin().session(device(), None))):  # type: ignore[misc]  # the conftest's session class
        @run_in_thread
        def reset(self) -> None:
            network.commands.append(("reset", threading.current_thread().name))

        @run_in_thread
        def close(self) -> None:
            network.commands.append(("close", threading.current_thread().name))
            self.is_open = False

    runtime = make_runtime(fake_plugin(session=Blocking))
    await runtime.connect(device("r1"), RunsCommands).send_command("one")
    await asyncio.to_thread(runtime.stop)

    threads = {what: name for what, name in network.commands if what in ("reset", "close")}
    assert set(threads) == {"reset", "close"}
    assert all(name.startswith("neops-device") for name in threads.values())
