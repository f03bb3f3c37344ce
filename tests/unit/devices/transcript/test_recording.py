"""Recording and replaying, both behind the real runtime, with fake devices in front."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from neops.devices import (
    ChangeOutcome,
    DeviceRuntime,
    LldpNeighbor,
    PluginCatalogue,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsNeighbors,
    RunsCommands,
    WritesConfig,
)
from neops.devices.transcript import (
    CallLine,
    LoginLine,
    Recorder,
    ReplayPlugin,
    ReplayRuntime,
    Transcript,
    TranscriptMismatch,
)
from neops.devices.transcript.files import TranscriptWriter
from neops.entities import Device, Platform, Secret
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    CommandRejected,
    ConfigRejected,
    DeviceError,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops.logs import MASK, Redactor
from neops.settings import DeviceSettings
from neops.testing import FakeConfig, FakePlugin, InTurn, Slow

PASSWORD, ENABLE = "Hunter2-of-all", "up-we-go-99"
FACTS = {"hostname": "r1", "vendor": "Acme", "os_version": "17.9"}

Work = Callable[[DeviceRuntime], Awaitable[Any]]


class Everything(RunsCommands, ReadsFacts, ReadsNeighbors, ReadsConfig, WritesConfig, Protocol): ...


class Router(RunsCommands, ReadsFacts, Protocol): ...


def device(name: str = "r1", platform: str = "cisco_ios") -> Device:
    return Device(
        id=1,
        hostname=name,
        ip="192.0.2.1",
        username="admin",
        password=Secret(PASSWORD),
        connection_options=Secret(f'{{"neops": {{"extras": {{"enable_secret": "{ENABLE}"}}}}}}'),
        platform=Platform(short_name=platform),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


@pytest.fixture
def record(path: Path) -> Callable[..., Any]:
    """Records some work on fake devices; gives what it returned."""

    async def call(work: Work, replies: Any, *, settings: DeviceSettings | None = None) -> Any:
        redactor = Redactor()
        catalogue = PluginCatalogue.of(FakePlugin(replies))
        with (
            Recorder.to(path, redactor=redactor) as recorder,
            DeviceRuntime(settings, catalogue=catalogue, redactor=redactor, observer=recorder) as runtime,
        ):
            done = await work(runtime)
        assert recorder.failure is None
        return done

    return call


async def replay(work: Work, plugin: ReplayPlugin) -> Any:
    with plugin, ReplayRuntime(plugin) as runtime:
        return await work(runtime)


def calls(path: Path) -> list[CallLine]:
    return [event for event in Transcript.read(path).events if isinstance(event, CallLine)]


async def failure_of(call: Awaitable[Any]) -> DeviceError:
    with pytest.raises(DeviceError) as failed:
        await call
    return failed.value


async def test_answers_are_those_that_were_recorded(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> Any:
        router = runtime.connect(device(), Everything)
        return [
            await router.get_facts(),
            await router.get_lldp_neighbors(),
            await router.send_command("show clock"),
            await router.send_commands(["show clock", "show users"]),
            await router.get_config(),
        ]

    neighbors = {"Gi0/1": [LldpNeighbor(hostname="r2", port="Gi0/2")]}
    replies = {"get_facts": FACTS, "get_lldp_neighbors": neighbors, "get_config": "hostname r1\n"}
    live = await record(work, {**replies, "change": "hostname r1\n", "show clock": "12:00", "show users": "nobody"})

    assert await replay(work, ReplayPlugin(path)) == live


async def test_a_line_says_who_was_asked_what_for_whom_and_how_long_it_took(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        router = runtime.connect(device(), RunsCommands, job="job-1")
        await router.send_command("show clock")

    await record(work, {"show clock": Slow("12:00", after_s=0.02)})

    read = Transcript.read(path)
    login, call = read.events
    assert isinstance(login, LoginLine)
    assert isinstance(call, CallLine)
    assert (call.device, call.plugin, call.job, call.method) == ("r1", "fake", "job-1", "send_command")
    assert call.arguments == {"command": "show clock"}
    assert call.took_s >= 0.02
    assert call.at_s >= login.at_s + login.took_s
    assert [(exchange.command, exchange.output) for exchange in call.exchanges] == [("show clock", "12:00")]
    assert (read.devices[0].platform, read.devices[0].capabilities) == ("cisco_ios", ("RunsCommands",))


async def test_errors_are_replayed_as_the_same_class_with_the_same_words(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> list[tuple[type, str]]:
        router = runtime.connect(device(), Router)
        asked = [await failure_of(router.get_facts()) for _ in range(3)]
        return [(type(error), str(error)) for error in asked]

    errors = (CommandRejected("r1", "show x", "% no"), SessionLost("r1", "broke"), OperationTimedOut("r1", "late"))
    live = await record(work, {"get_facts": InTurn(*errors), "show clock": ""})

    assert [kind for kind, _ in live] == [CommandRejected, SessionLost, OperationTimedOut]
    assert await replay(work, ReplayPlugin(path)) == live


async def test_a_command_that_hung_is_replayed_as_the_deadline_that_its_caller_saw(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> str:
        return str(await failure_of(runtime.connect(device(), ReadsFacts).get_facts()))

    settings = DeviceSettings(command_timeout_s=0.05)
    live = await record(work, {"get_facts": Slow(FACTS, after_s=30)}, settings=settings)

    assert "command deadline" in live
    for level in ("operations", "commands"):
        assert await replay(work, ReplayPlugin(path, level=level)) == live


async def test_a_job_that_was_aborted_is_replayed_as_a_lost_session(record: Any, path: Path) -> None:
    async def aborted(runtime: DeviceRuntime) -> str:
        router = runtime.connect(device(), ReadsFacts, job="j")
        asking = asyncio.create_task(failure_of(router.get_facts()))
        async with asyncio.timeout(5):
            while not calls_under_way(runtime):
                await asyncio.sleep(0.01)
        runtime.abort(job="j")
        return str(await asking)

    def calls_under_way(runtime: DeviceRuntime) -> bool:
        now = runtime.statistics()
        return now.open == 1 and now.idle == 0 and now.waiting == 0

    async def work(runtime: DeviceRuntime) -> str:
        return str(await failure_of(runtime.connect(device(), ReadsFacts).get_facts()))

    live = await record(aborted, {"get_facts": Slow(FACTS, after_s=30)})

    assert "was aborted" in live
    assert await replay(work, ReplayPlugin(path)) == live


async def test_long_answers_are_written_in_a_thread_and_come_back_whole(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> Any:
        router = runtime.connect(device(), Everything)
        return await router.send_command("show tech"), await router.get_lldp_neighbors()

    lines = "".join(f"interface Gi0/{number}\n description to r{number}\n" for number in range(5_000))
    neighbors = {f"Gi0/{number}": [{"hostname": "r2", "port": "1"}] for number in range(500)}
    replies = {"show tech": lines, "get_lldp_neighbors": neighbors, "get_facts": FACTS, "change": ""}
    live = await record(work, replies)

    assert await replay(work, ReplayPlugin(path)) == live
    assert path.stat().st_size < len(lines) / 3


async def test_a_device_that_could_not_be_reached_is_not_reached_again(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> list[str]:
        router = runtime.connect(device(), ReadsFacts)
        return [str(await failure_of(router.get_facts())), (await router.get_facts()).os_version]

    live = await record(work, {"open": InTurn(Unreachable("r1", "nothing answers"), None), "get_facts": FACTS})

    assert live == ["r1: nothing answers", "17.9"]
    assert await replay(work, ReplayPlugin(path)) == live


async def test_logins_that_were_refused_hold_no_other_recorded_login_back(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> list[str]:
        ended = []
        for number in range(8):
            known = device(f"r{number}").model_copy(update={"ip": f"192.0.2.{number}"})
            try:
                ended.append((await runtime.connect(known, RunsCommands).send_command("show clock")).output)
            except DeviceError as error:
                ended.append(type(error).__name__)
        return ended

    refusals = [AuthenticationFailed("r", "permission denied")] * 7
    settings = DeviceSettings(credential_failures=100)
    live = await record(work, {"open": InTurn(*refusals, None), "show clock": "12:00"}, settings=settings)

    assert live == ["AuthenticationFailed"] * 7 + ["12:00"]
    assert await replay(work, ReplayPlugin(path)) == live


async def test_a_replay_takes_no_way_to_a_device(record: Any, path: Path) -> None:
    def work_on(known: Device) -> Work:
        async def work(runtime: DeviceRuntime) -> str:
            return (await runtime.connect(known, RunsCommands).send_command("show clock")).output

        return work

    behind = '{"neops": {"platform": "cisco_ios", "extras": {"jump_hosts": ["192.0.2.254"], "plugins": ["scrapli"]}}}'
    far = device(platform="arista_eos").model_copy(update={"connection_options": Secret(behind)})

    live = await record(work_on(device()), {"show clock": "12:00"})

    assert await replay(work_on(far), ReplayPlugin(path)) == live


async def test_a_change_is_replayed_step_by_step(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> Any:
        router = runtime.connect(device(), Everything)
        async with router.change("ntp server 192.0.2.7\n") as change:
            await change.commit(confirm_within=60)
            running = (await router.get_config()).running
            await change.confirm()
        async with router.change("ntp server 192.0.2.8\n") as other:
            await other.commit(confirm_within=60)
        return running, change.diff, change.outcome, change.strength, other.outcome

    live = await record(work, {"change": "hostname r1\n", "get_facts": FACTS, "get_lldp_neighbors": {}, "x": ""})

    assert live[2:] == (ChangeOutcome.CHANGED, "native", ChangeOutcome.REVERTED)
    assert await replay(work, ReplayPlugin(path)) == live


async def test_another_change_than_the_recorded_one_is_refused_with_the_lines(record: Any, path: Path) -> None:
    def work_with(config: str) -> Work:
        async def work(runtime: DeviceRuntime) -> None:
            async with runtime.connect(device(), WritesConfig).change(config) as change:
                await change.commit()

        return work

    await record(work_with("interface Gi1\n shutdown\n"), {"change": "hostname r1\n"})

    with pytest.raises(TranscriptMismatch) as refused:
        await replay(work_with("interface Gi1\n no shutdown\n"), ReplayPlugin(path))
    assert "prepare_change" in str(refused.value)
    assert "no shutdown" in str(refused.value)


async def test_a_refused_line_is_refused_again(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> tuple[str, str]:
        with pytest.raises(ConfigRejected) as refused:
            async with runtime.connect(device(), WritesConfig).change("frobnicate 7"):
                raise AssertionError("it was taken")
        return refused.value.line, refused.value.outcome

    live = await record(work, {"change": FakeConfig(running="hostname r1\n", refuses="frobnicate")})

    assert await replay(work, ReplayPlugin(path)) == live == ("frobnicate 7", "unchanged")


async def test_a_commit_whose_answer_was_lost_comes_out_as_it_did(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> str:
        with pytest.raises(DeviceError) as lost:
            async with runtime.connect(device(), WritesConfig).change("ntp server 192.0.2.7\n") as change:
                await change.commit()
        return f"{lost.value} {change.outcome}"

    live = await record(work, {"change": FakeConfig(running="x\n", on_commit=SessionLost("r1", "broke"))})

    assert "nothing was changed" in live
    assert await replay(work, ReplayPlugin(path)) == live


async def test_no_secret_is_in_the_file(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        router = runtime.connect(device(), Everything)
        async with router.change(f"username a secret 0 Pushed-77!\nsnmp-server community {PASSWORD} RO\n") as change:
            await change.commit()
        await router.send_command(f"enable {ENABLE}")
        await failure_of(router.get_facts())

    await record(
        work,
        {
            "change": "hostname r1\n",
            "get_lldp_neighbors": {},
            f"enable {ENABLE}": f"Password: {PASSWORD}\nusername b password 7 0822455D0A16",
            "get_facts": SessionLost("r1", f"echoed {PASSWORD}"),
        },
    )

    text = "\n".join(event.model_dump_json() for event in Transcript.read(path).events)
    for secret in (PASSWORD, ENABLE, "Pushed-77!", "0822455D0A16"):
        assert secret not in text
    assert MASK in text
    assert "hostname r1" in text


async def test_a_password_that_stands_in_names_leaves_them_as_they_are(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> str:
        known = device("cisco-1").model_copy(update={"password": Secret("cisco")})
        return (await runtime.connect(known, RunsCommands).send_command("show cisco")).output

    await record(work, {"show cisco": "username cisco"})

    (call,), (line,) = calls(path), Transcript.read(path).devices
    assert (call.device, line.platform, call.arguments) == ("cisco-1", "cisco_ios", {"command": f"show {MASK}"})
    assert await replay(work, ReplayPlugin(path)) == f"username {MASK}"


async def test_a_secret_in_a_name_that_a_device_gives_is_masked_as_well(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        await runtime.connect(device(), ReadsNeighbors).get_lldp_neighbors()

    await record(work, {"get_lldp_neighbors": {f"to-{PASSWORD}": [{"hostname": "r2", "port": "1"}]}})

    assert list(calls(path)[0].result) == [f"to-{MASK}"]  # type: ignore[arg-type]  # it is a mapping


async def test_what_was_masked_is_asked_again_with_the_secret_in_it(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> Any:
        async with runtime.connect(device(), WritesConfig).change(f"ntp key {PASSWORD}\n") as change:
            await change.commit()
        return change.outcome

    assert await record(work, {"change": ""}) == ChangeOutcome.CHANGED
    assert await replay(work, ReplayPlugin(path)) == ChangeOutcome.CHANGED


async def test_the_operations_of_jobs_on_one_warm_session_go_to_a_file_for_each(tmp_path: Path) -> None:
    redactor = Redactor()
    plugin = FakePlugin({"show clock": "12:00"})
    with (
        Recorder.per_job(tmp_path, redactor=redactor) as recorder,
        DeviceRuntime(catalogue=PluginCatalogue.of(plugin), observer=recorder) as runtime,
    ):
        for job in ("a/1", "b", "a/1", None):
            await runtime.connect(device(), RunsCommands, job=job).send_command("show clock")
        recorder.end("a/1")
        await runtime.connect(device(), RunsCommands, job="a/1").send_command("show clock")

    files = {file.name: Transcript.read(file) for file in sorted(tmp_path.iterdir())}
    assert {name: len([e for e in read.events if isinstance(e, CallLine)]) for name, read in files.items()} == {
        "a_1.jsonl.zst": 2,
        "a_1.2.jsonl.zst": 1,
        "b.jsonl.zst": 1,
    }
    assert files["b.jsonl.zst"].header.about == {"job": "b"}
    assert all(read.complete for read in files.values())
    assert len([call for call in plugin.calls if call.method == "open"]) == 1


async def test_a_full_disk_stops_the_recording_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = PluginCatalogue.of(FakePlugin({"show clock": "12:00"}))
    with Recorder.to(path, redactor=Redactor()) as recorder:
        monkeypatch.setattr(TranscriptWriter, "write", _fail)
        with DeviceRuntime(catalogue=catalogue, observer=recorder) as runtime:
            router = runtime.connect(device(), RunsCommands)
            outputs = [(await router.send_command("show clock")).output for _ in range(3)]

    assert outputs == ["12:00"] * 3
    assert isinstance(recorder.failure, OSError)
    assert [line.message for line in caplog.records if "recording stops" in line.message] == [
        "recording stops: a line cannot be written"
    ]


def _fail(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_something_else_than_recorded_fails_even_where_the_block_swallows_it(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        await runtime.connect(device(), RunsCommands).send_command("show clock")

    async def other(runtime: DeviceRuntime) -> None:
        with pytest.raises(TranscriptMismatch):
            await runtime.connect(device(), RunsCommands).send_command("show clocks")

    await record(work, {"show clock": "12:00"})

    with pytest.raises(TranscriptMismatch, match=r"asked:    send_command\(command='show clocks'\)"):
        await replay(other, ReplayPlugin(path))


async def test_a_recording_that_is_not_used_up_is_reported_at_the_end(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        await runtime.connect(device(), RunsCommands).send_commands(["show clock"])

    async def nothing(_: DeviceRuntime) -> None:
        return None

    await record(work, {"show clock": "12:00"})

    with pytest.raises(TranscriptMismatch, match=r"was asked for\n  r1: call 1, send_commands"):
        await replay(nothing, ReplayPlugin(path))


async def test_a_device_that_was_not_recorded_is_named(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        await runtime.connect(device(), RunsCommands).send_command("show clock")

    async def other(runtime: DeviceRuntime) -> None:
        await runtime.connect(device("r2"), RunsCommands).send_command("show clock")

    await record(work, {"show clock": "12:00"})

    plugin = ReplayPlugin(path)
    with (
        ReplayRuntime(plugin) as runtime,
        pytest.raises(DeviceError, match="r2: is not in the transcript, which has r1"),
    ):
        await other(runtime)
    with pytest.raises(TranscriptMismatch, match="r2: is not in"):
        plugin.assert_all_used()


async def test_what_the_recorded_plugin_could_not_do_the_replay_cannot(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        await runtime.connect(device(), RunsCommands).send_command("show clock")

    await record(work, {"show clock": "12:00"})

    with ReplayRuntime(ReplayPlugin(path)) as runtime, pytest.raises(CapabilityMissing, match="ReadsBgp"):
        runtime.connect(device(), ReadsBgp)


async def test_any_order_is_enough_for_work_that_has_none(record: Any, path: Path) -> None:
    def work_on(*commands: str) -> Work:
        async def work(runtime: DeviceRuntime) -> Any:
            router = runtime.connect(device(), RunsCommands)
            answers = await asyncio.gather(*(router.send_command(command) for command in commands))
            return {answer.command: answer.output for answer in answers}

        return work

    live = await record(work_on("show a", "show b"), {"show a": "A", "show b": "B"})

    assert await replay(work_on("show b", "show a"), ReplayPlugin(path, order="any")) == live
    with pytest.raises(TranscriptMismatch):
        await replay(work_on("show b", "show a"), ReplayPlugin(path))


async def test_answers_take_their_time_only_when_asked_to(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> float:
        started = asyncio.get_running_loop().time()
        await runtime.connect(device(), RunsCommands).send_command("show clock")
        return asyncio.get_running_loop().time() - started

    await record(work, {"show clock": Slow("12:00", after_s=0.2)})

    assert await replay(work, ReplayPlugin(path)) < 0.15
    assert await replay(work, ReplayPlugin(path, speed=2)) >= 0.1


async def test_an_abort_wakes_who_waits_for_a_recorded_answer(record: Any, path: Path) -> None:
    async def work(runtime: DeviceRuntime) -> None:
        await runtime.connect(device(), RunsCommands, job="j").send_command("show clock")

    await record(work, {"show clock": Slow("12:00", after_s=0.05)})

    with ReplayRuntime(ReplayPlugin(path, speed=0.001)) as runtime:
        waiting = asyncio.create_task(work(runtime))
        async with asyncio.timeout(5):
            while not runtime.abort(job="j"):
                await asyncio.sleep(0.01)
            with pytest.raises(SessionLost, match="aborted"):
                await waiting
