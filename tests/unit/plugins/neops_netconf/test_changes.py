"""Whole changes with a NETCONF server in memory, through the runtime that makes transactions of the steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from neops.devices import ChangeOutcome, ConfirmStrength, DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.errors import AuthenticationFailed, ChangeFailed, ConfigLocked, ConfigRejected

CONFIG = '<system xmlns="urn:example:system"><hostname>r2</hostname></system>'
OLD, NEW = {"hostname": "r1", "contact": "noc"}, {"hostname": "r2", "contact": "noc"}


@pytest.fixture
def change(runtime: DeviceRuntime, device: Device) -> Callable[..., Any]:
    return runtime.connect(device, WritesConfig).change


@pytest.fixture(autouse=True)
async def no_lock_stays(server: Any, runtime: DeviceRuntime) -> Any:
    """Whatever happens to a change."""
    yield
    await eventually(lambda: server.locks == {} and server.candidate is None)


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5.0):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_change_shows_its_difference_is_confirmed_and_stays(change: Any, server: Any) -> None:
    async with change(CONFIG) as made:
        assert "-   <hostname>r1</hostname>\n+   <hostname>r2</hostname>" in made.diff
        assert server.running == OLD
        await made.commit(confirm_within=60)
        assert (made.outcome, made.strength, server.running) == ("changed", ConfirmStrength.NATIVE, NEW)
        await made.confirm()

    assert (made.outcome, server.running, server.waiting) == (ChangeOutcome.CHANGED, NEW, None)
    assert server.asked.index("validate") < server.asked.index("commit")
    assert server.sessions == 2  # the confirmation came by another one


async def test_a_final_commit_is_saved_where_the_server_has_a_startup_configuration(change: Any, server: Any) -> None:
    server.capabilities = ("candidate:1.0", "startup:1.0")

    async with change(CONFIG) as made:
        await made.commit()

    assert (made.outcome, made.strength) == (ChangeOutcome.CHANGED, ConfirmStrength.NONE)
    assert server.startup == server.running == NEW


async def test_a_change_that_is_not_confirmed_is_taken_back_at_once(change: Any, server: Any) -> None:
    async with change(CONFIG) as made:
        await made.commit(confirm_within=60)

    assert (made.outcome, server.running, server.waiting) == (ChangeOutcome.REVERTED, OLD, None)
    assert "cancel-commit" in server.asked


async def test_a_confirmation_that_is_too_late_is_an_error(change: Any, server: Any) -> None:
    async with change(CONFIG) as made:
        await made.commit(confirm_within=60)
        server.expire(server.waiting)

        with pytest.raises(ChangeFailed, match="too late"):
            await made.confirm()

    assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)


async def test_leaving_without_a_commit_changes_nothing(change: Any, server: Any) -> None:
    async with change(CONFIG) as made:
        pass

    assert (made.outcome, server.running) == (ChangeOutcome.UNCHANGED, OLD)
    assert "commit" not in server.asked


async def test_replacing_with_what_runs_is_no_change(change: Any, server: Any) -> None:
    async with change(
        '<system xmlns="urn:example:system"><contact>noc</contact><hostname>r1</hostname></system>', mode="replace"
    ) as made:
        await made.commit()

    assert (made.diff, made.outcome) == ("", ChangeOutcome.UNCHANGED)


async def test_a_replacement_leaves_nothing_else(change: Any, server: Any) -> None:
    async with change(CONFIG, mode="replace") as made:
        await made.commit()

    assert (made.outcome, server.running) == (ChangeOutcome.CHANGED, {"hostname": "r2"})


async def test_what_the_server_refuses_is_quoted_with_its_path(change: Any, server: Any) -> None:
    with pytest.raises(ConfigRejected, match="r1: rejected the line '/system/bad': unknown-element: no such leaf"):
        async with change(CONFIG.replace("hostname", "bad")):
            pass

    assert (server.running, server.locks, server.candidate) == (OLD, {}, None)


async def test_what_does_not_validate_is_refused_before_a_commit(change: Any, server: Any) -> None:
    with pytest.raises(ConfigRejected, match="'/system/hostname': invalid-value"):
        async with change(CONFIG.replace("r2", "invalid")):
            pass

    assert (server.running, server.locks, server.candidate) == (OLD, {}, None)


async def test_text_that_is_no_xml_is_refused_without_asking_the_server(change: Any, server: Any) -> None:
    with pytest.raises(ConfigRejected, match="'interface eth0': there is text outside of elements"):
        async with change("interface eth0\n shutdown\n"):
            pass

    assert server.asked == []


async def test_a_server_may_have_no_lock_for_what_nobody_edits(change: Any, server: Any) -> None:
    lock = server.lock
    server.lock = lambda session, asked: (
        server.unknown(session, asked) if server.named(asked, "target") == "running" else lock(session, asked)
    )

    async with change(CONFIG) as made:
        await made.commit(confirm_within=60)
        await made.confirm()

    assert (made.outcome, server.running) == (ChangeOutcome.CHANGED, NEW)


@pytest.mark.parametrize("name", ["candidate", "running"])
async def test_who_comes_second_is_told_who_holds_the_lock(name: str, change: Any, server: Any) -> None:
    server.locks = {name: 99}

    with pytest.raises(ConfigLocked, match=r"lock-denied \(session 99\)"):
        async with change(CONFIG):
            pass

    assert server.locks == {name: 99}
    server.locks.clear()


async def test_nobody_commits_on_top_of_a_commit_that_waits(change: Any, server: Any) -> None:
    server.waiting = dict(OLD), "somebody", 99

    with pytest.raises(ConfigLocked, match="a commit waits"):
        async with change(CONFIG):
            pass

    server.waiting = None


async def test_what_somebody_else_put_into_the_candidate_is_not_committed_with_a_confirmation(
    change: Any, server: Any
) -> None:
    async with change(CONFIG) as made:
        await made.commit(confirm_within=60)
        server.locks, server.candidate = {"candidate": 99}, {"hostname": "theirs"}
        with pytest.raises(ConfigLocked, match="somebody else has put into the candidate"):
            await made.confirm()

    assert (made.outcome, server.running, server.candidate) == ("reverted", OLD, {"hostname": "theirs"})
    server.locks, server.candidate = {}, None


async def test_a_server_that_keeps_a_dead_session_is_told_to_end_ours_and_no_other(change: Any, server: Any) -> None:
    left, killed = server.left, []

    def kill_session(session: int, asked: Any) -> None:
        killed.append(asked[0].text)
        left(int(asked[0].text))

    server.kill_session = kill_session
    server.left = lambda session: None
    server.cut = "commit"

    async with change(CONFIG) as made:
        await made.commit(confirm_within=60)
        server.cut = None
        await made.confirm()

    assert made.outcome is ChangeOutcome.CHANGED
    assert killed == ["1"]


async def test_a_commit_whose_answer_is_lost_is_looked_up(change: Any, server: Any) -> None:
    server.cut = "commit"

    async with change(CONFIG) as made:
        await made.commit(confirm_within=60)
        server.cut = None
        assert (made.outcome, made.strength) == ("changed", ConfirmStrength.NATIVE)
        await made.confirm()

    assert (server.running, server.waiting) == (NEW, None)


async def test_a_commit_that_hangs_is_given_up_and_looked_up(
    server: Any, device: Device, runtime: DeviceRuntime
) -> None:
    server.hangs = "commit"
    options = '{"neops": {"extras": {"command_timeout": 0.3, "commit_timeout": 0.3}}}'
    hasty = device.model_copy(update={"connection_options": options})

    async with runtime.connect(hasty, WritesConfig).change(CONFIG) as made:
        await made.commit(confirm_within=60)
        server.hangs = None
        assert made.outcome == "changed"
        await made.confirm()

    assert (server.running, server.waiting) == (NEW, None)


@pytest.mark.parametrize("operation", ["edit-config", "commit"])
async def test_a_cancelled_change_leaves_the_old_configuration_and_no_lock(
    operation: str, change: Any, server: Any
) -> None:
    server.hangs = operation

    async def changing() -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)

    author = asyncio.create_task(changing())
    await eventually(lambda: operation in server.asked)
    server.hangs = None
    author.cancel()
    with pytest.raises(asyncio.CancelledError):
        await author

    await eventually(lambda: server.running == OLD and server.waiting is None and server.locks == {})


async def test_an_error_of_the_author_takes_the_change_back(change: Any, server: Any) -> None:
    async def change_and_fail() -> None:
        async with made:
            await made.commit(confirm_within=60)
            raise ZeroDivisionError

    made = change(CONFIG)
    with pytest.raises(ZeroDivisionError):
        await change_and_fail()

    assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)


class TestWithoutPersist:
    """:confirmed-commit:1.0 (RFC 4741): only the session that committed can confirm, and its end takes back."""

    @pytest.fixture(autouse=True)
    def old_server(self, server: Any) -> None:
        server.capabilities = ("candidate:1.0", "confirmed-commit:1.0")
        server.chunked = False

    async def test_the_confirmation_comes_from_the_session_after_another_login(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)
            assert (made.strength, server.sessions) == (ConfirmStrength.NATIVE, 1)
            await made.confirm()

        assert (made.outcome, server.running, server.waiting) == (ChangeOutcome.CHANGED, NEW, None)
        assert server.sessions == 2

    async def test_the_end_of_the_session_takes_it_back(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)

        assert (made.outcome, server.running, server.waiting) == (ChangeOutcome.REVERTED, OLD, None)
        assert server.asked.count("commit") == 1

    async def test_another_session_confirms_nothing(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)
            server.hang_up()
            await eventually(lambda: server.waiting is None)
            with pytest.raises(ChangeFailed, match="too late"):
                await made.confirm()

        assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)

    async def test_a_device_that_lets_nobody_in_any_more_is_not_confirmed(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)
            server.password = "changed"
            with pytest.raises(AuthenticationFailed):
                await made.confirm()
            server.password = "s3cret"

        assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)


class TestWithoutConfirmedCommit:
    """A candidate and no timer: we take back."""

    @pytest.fixture(autouse=True)
    def plain_server(self, server: Any) -> None:
        server.capabilities = ("candidate:1.0",)

    async def test_the_strength_says_that_it_is_the_session(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)
            assert (made.strength, server.running) == (ConfirmStrength.SESSION, NEW)
            await made.confirm()

        assert (made.outcome, server.running) == (ChangeOutcome.CHANGED, NEW)

    async def test_it_is_taken_back_by_replacing(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)

        assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)

    async def test_without_validate_the_commit_judges(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit()

        assert "validate" not in server.asked
        assert made.outcome is ChangeOutcome.CHANGED


class TestWithoutCandidate:
    """:writable-running alone: an edit runs at once."""

    @pytest.fixture(autouse=True)
    def plain_server(self, server: Any) -> None:
        server.capabilities = ("writable-running:1.0", "rollback-on-error:1.0", "validate:1.1")

    async def test_the_difference_is_worked_out_and_nothing_runs_before_the_commit(
        self, change: Any, server: Any
    ) -> None:
        async with change(CONFIG) as made:
            assert "-   <hostname>r1</hostname>\n+   <hostname>r2</hostname>" in made.diff
            assert server.running == OLD
            await made.commit(confirm_within=60)
            assert (made.strength, server.running) == (ConfirmStrength.SESSION, NEW)
            await made.confirm()

        assert (made.outcome, server.running) == (ChangeOutcome.CHANGED, NEW)

    async def test_it_is_taken_back_by_replacing(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            await made.commit(confirm_within=60)

        assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)

    async def test_the_server_judges_before_the_commit(self, change: Any, server: Any) -> None:
        with pytest.raises(ConfigRejected, match="'/system/bad'"):
            async with change(CONFIG.replace("hostname", "bad")):
                pass

        assert server.running == OLD

    async def test_an_edit_whose_answer_is_lost_is_looked_up(self, change: Any, server: Any) -> None:
        async with change(CONFIG) as made:
            server.cut = "edit-config"
            await made.commit(confirm_within=60)
            server.cut = None
            assert made.outcome == "changed"

        assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)


async def test_a_change_that_cannot_be_saved_is_taken_back(change: Any, server: Any) -> None:
    server.capabilities = ("candidate:1.0", "startup:1.0")
    server.copy_config = server.unknown

    with pytest.raises(ChangeFailed, match="cannot be saved: operation-not-supported"):
        async with change(CONFIG) as made:
            await made.commit()

    assert (made.outcome, server.running) == (ChangeOutcome.REVERTED, OLD)


async def test_a_session_that_broke_after_the_difference_was_shown_commits_nothing(change: Any, server: Any) -> None:
    async with change(CONFIG) as made:
        server.hang_up()
        await eventually(lambda: not server.open)
        with pytest.raises(ChangeFailed, match="nothing was changed"):
            await made.commit()

    assert (made.outcome, server.running) == (ChangeOutcome.UNCHANGED, OLD)
    assert "commit" not in server.asked
