"""neops_netconf on a real NETCONF server: the whole life of a change, and what is left when a client dies in it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from ncclient import manager
from ncclient.operations import RPCError

from neops.devices import (
    ChangeOutcome,
    ConfirmStrength,
    DeviceRuntime,
    PluginCatalogue,
    ReadsConfig,
    SpeaksNetconf,
    WritesConfig,
)
from neops.entities import Device
from neops.errors import ChangeFailed, CommandRejected, ConfigLocked, ConfigRejected, OperationTimedOut, SessionLost
from neops.settings import DeviceSettings
from neops_netconf import NetconfPlugin
from tests.lab import changing_client
from tests.lab.netconf import NetconfServer, device_at, hostname

pytestmark = pytest.mark.lab

INTERFACE = """\
<config xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">
  <interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">
    <interface><name>eth0</name><description>{}</description><type>ianaift:ethernetCsmacd</type></interface>
  </interfaces>
</config>
"""
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"


class Netconf(SpeaksNetconf, ReadsConfig, WritesConfig, Protocol): ...


@pytest.fixture
def device(netconf: NetconfServer) -> Device:
    return device_at(netconf.port, netconf.private_key)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[DeviceRuntime]:
    settings = DeviceSettings(known_hosts=tmp_path / "known_hosts", command_timeout_s=5, connect_timeout_s=5)
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(NetconfPlugin())) as running:
        yield running


@pytest.fixture
async def router(runtime: DeviceRuntime, device: Device) -> Any:
    """The server with `<hostname>old</hostname>` and nothing else."""
    router = runtime.connect(device, Netconf)
    await set_back(router)
    return router


async def set_back(router: Any) -> None:
    async with router.change(hostname("old"), mode="replace") as change:
        await change.commit()


async def running(router: Any) -> str:
    return str((await router.get_config()).running)


async def eventually(true: Callable[[], Any]) -> None:
    """netconfd 2.13 looks at its timers when nobody has asked it anything for a second."""
    async with asyncio.timeout(15.0):
        while not await true():
            await asyncio.sleep(1.2)


@contextmanager
def other_client(netconf: NetconfServer) -> Iterator[Any]:
    """ncclient, which shares no code with the plugin."""
    with manager.connect(
        host="127.0.0.1",
        port=netconf.port,
        username="root",
        key_filename=str(netconf.private_key),
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        timeout=10,
    ) as session:
        yield session


def free(netconf: NetconfServer) -> bool:
    """Whether another client gets both locks: the candidate's only when nothing is left in it."""
    with other_client(netconf) as other:
        for store in ("running", "candidate"):
            try:
                other.lock(store)
            except RPCError:
                return False
            other.unlock(store)
    return True


async def test_the_server_says_what_it_can_and_what_it_has(router: Any) -> None:
    capabilities = await router.netconf_capabilities()
    configs = await router.get_config("all")
    sessions = await router.get(f"<netconf-state xmlns='{MONITORING}'><sessions/></netconf-state>")
    schema = await router.rpc(f"<get-schema xmlns='{MONITORING}'><identifier>ietf-system</identifier></get-schema>")

    assert "urn:ietf:params:netconf:capability:confirmed-commit:1.1" in capabilities
    assert "<hostname>old</hostname>" in configs.running
    assert configs.candidate == configs.running
    assert "<username>root</username>" in sessions
    assert "module ietf-system" in schema


async def test_a_change_is_validated_confirmed_and_stays(router: Any, netconf: NetconfServer) -> None:
    async with router.change(INTERFACE.format("to the edge")) as change:
        assert "+     <description>to the edge</description>" in change.diff
        assert "to the edge" not in await running(router)
        await change.commit(confirm_within=30)
        assert (change.outcome, change.strength) == ("changed", ConfirmStrength.NATIVE)
        assert "to the edge" in await running(router)
        await change.confirm()

    assert change.outcome is ChangeOutcome.CHANGED
    assert "to the edge" in await running(router)
    assert free(netconf)


async def test_a_change_of_one_leaf_is_shown_where_it_stands(router: Any) -> None:
    async with router.change(INTERFACE.format("one")) as change:
        await change.commit()
    async with router.change(INTERFACE.format("two")) as change:
        diff = change.diff

    assert diff.splitlines()[1:-1] == [
        "    <interface>",
        "      <name>eth0</name>",
        "-     <description>one</description>",
        "+     <description>two</description>",
        "    </interface>",
    ]


async def test_a_replacement_takes_away_what_it_does_not_have(router: Any) -> None:
    async with router.change(INTERFACE.format("one"), mode="replace") as change:
        assert "-   <hostname>old</hostname>" in change.diff
        await change.commit()

    assert change.outcome is ChangeOutcome.CHANGED
    assert "system" not in await running(router)


async def test_a_change_that_is_not_confirmed_is_taken_back(router: Any, netconf: NetconfServer) -> None:
    async with router.change(hostname("new")) as change:
        await change.commit(confirm_within=30)
        assert "<hostname>new<" in await running(router)

    assert change.outcome is ChangeOutcome.REVERTED
    assert "<hostname>old<" in await running(router)
    assert free(netconf)


async def test_a_confirmation_after_the_servers_timer_is_too_late(router: Any, netconf: NetconfServer) -> None:
    async with router.change(hostname("new")) as change:
        await change.commit(confirm_within=2)
        await eventually(lambda: reads(router, "<hostname>old<"))
        with pytest.raises(ChangeFailed, match="too late"):
            await change.confirm()

    assert change.outcome is ChangeOutcome.REVERTED
    assert free(netconf)


async def test_the_servers_own_timer_takes_back_what_a_killed_client_committed(
    router: Any, netconf: NetconfServer, tmp_path: Path
) -> None:
    committed = time.monotonic()
    kill_in_the_middle(netconf, tmp_path, "commit", seconds=3)

    assert "<hostname>killed<" in await running(router)
    await eventually(lambda: reads(router, "<hostname>old<"))
    assert time.monotonic() - committed >= 3
    assert free(netconf)
    async with router.change(hostname("next")) as change:
        await change.commit()
    assert change.outcome is ChangeOutcome.CHANGED


async def test_a_client_that_is_killed_before_its_commit_leaves_neither_lock_nor_candidate(
    router: Any, netconf: NetconfServer, tmp_path: Path
) -> None:
    kill_in_the_middle(netconf, tmp_path, "prepare", seconds=30)
    await eventually(lambda: asyncio.to_thread(free, netconf))  # the server hears of the death in its own time

    async with router.change(hostname("next")) as change:
        assert "killed" not in change.diff
    assert "<hostname>old<" in await running(router)
    await eventually(lambda: asyncio.to_thread(free, netconf))


async def reads(router: Any, text: str) -> bool:
    return text in await running(router)


def kill_in_the_middle(netconf: NetconfServer, tmp_path: Path, step: str, seconds: int) -> None:
    known_hosts = tmp_path / "known_hosts"
    arguments = (netconf.port, netconf.private_key, known_hosts, step, seconds)
    with subprocess.Popen(
        [sys.executable, "-m", changing_client.__name__, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        said = client.stdout.readline()
        client.kill()
    assert said == "ready\n"


async def test_what_the_server_refuses_is_quoted_and_leaves_nothing(router: Any, netconf: NetconfServer) -> None:
    wrong = INTERFACE.format("x").replace("ianaift:ethernetCsmacd", "bogus")

    with pytest.raises(ConfigRejected, match=r"interface\[if:name='eth0'\]/if:type.*invalid-value") as raised:
        async with router.change(wrong):
            pass

    assert (raised.value.outcome, raised.value.device) == ("unchanged", "yuma")
    assert "eth0" not in (await router.get_config("candidate")).candidate
    assert free(netconf)


async def test_of_two_clients_the_second_is_told_who_holds_the_lock(
    router: Any, runtime: DeviceRuntime, netconf: NetconfServer
) -> None:
    with other_client(netconf) as other:
        other.lock("candidate")

        with pytest.raises(ConfigLocked, match=rf"lock-denied \(session {other.session_id}\)"):
            async with router.change(hostname("new")):
                pass

        other.unlock("candidate")
        async with router.change(hostname("new")) as change:
            with pytest.raises(RPCError, match="lock denied"):
                other.lock("candidate")
            await change.commit()
    assert change.outcome is ChangeOutcome.CHANGED


async def test_what_another_client_left_in_the_candidate_is_not_thrown_away(
    router: Any, netconf: NetconfServer
) -> None:
    with other_client(netconf) as other:
        theirs = f"<config>{hostname('theirs')}</config>"
        other.edit_config(target="candidate", config=theirs)

        with pytest.raises(ConfigLocked):
            async with router.change(hostname("new")):
                pass

        assert "theirs" in str(other.get_config("candidate"))
        other.discard_changes()


async def test_a_confirmation_does_not_commit_what_another_client_edits(router: Any, netconf: NetconfServer) -> None:
    async with router.change(hostname("new")) as change:
        await change.commit(confirm_within=30)
        with other_client(netconf) as other:
            await eventually(lambda: edited(other, hostname("theirs"), change))

    assert "theirs" not in await running(router)
    assert change.outcome is ChangeOutcome.REVERTED


async def edited(other: Any, config: str, change: Any) -> bool:
    """Edit as soon as the locks of the change's first session are gone, and see its confirmation refused."""
    confirming = asyncio.create_task(change.confirm())
    while not confirming.done():
        try:
            await asyncio.to_thread(other.edit_config, target="candidate", config=f"<config>{config}</config>")
            break
        except RPCError:
            await asyncio.sleep(0)
    with pytest.raises(ConfigLocked):
        await confirming
    await asyncio.to_thread(other.discard_changes)
    return True


async def test_a_server_that_hangs_is_given_up_and_left_as_it_was(
    router: Any, device: Device, runtime: DeviceRuntime, netconf: NetconfServer
) -> None:
    hasty = device.model_copy(
        update={"connection_options": (device.connection_options or "").replace("}}}", ', "command_timeout": 1}}}')}
    )
    impatient = runtime.connect(hasty, Netconf)
    await impatient.get_config()

    with netconf.hanging(), pytest.raises(OperationTimedOut, match=r"yuma: .* within 1 s"):
        await impatient.get_config()

    await eventually(lambda: asyncio.to_thread(free, netconf))


async def test_a_job_that_is_aborted_while_the_server_hangs_leaves_nothing(
    router: Any, device: Device, runtime: DeviceRuntime, netconf: NetconfServer
) -> None:
    aborted = runtime.connect(device, WritesConfig, job="j1")

    async def changing() -> None:
        async with aborted.change(hostname("aborted")) as change:
            with netconf.hanging():
                waiting = asyncio.ensure_future(change.commit(confirm_within=30))
                await asyncio.wait([waiting], timeout=0.3)
                started = time.monotonic()
                assert runtime.abort(job="j1") == 1
                with pytest.raises(SessionLost, match="aborted"):
                    await waiting
                assert time.monotonic() - started < 1.0

    with pytest.raises(SessionLost, match="aborted"):
        await changing()

    await eventually(lambda: reads(router, "<hostname>old<"))
    await eventually(lambda: asyncio.to_thread(free, netconf))


async def test_an_operation_that_the_server_does_not_know_is_told(router: Any) -> None:
    with pytest.raises(CommandRejected, match="yuma: rejected 'frobnicate': "):
        await router.rpc("<frobnicate xmlns='urn:example:none'/>")


class TestWithoutCandidate:
    @pytest.fixture
    def device(self, netconf_without_candidate: NetconfServer) -> Device:
        return device_at(netconf_without_candidate.port, netconf_without_candidate.private_key)

    async def test_a_change_is_made_at_once_and_taken_back_over_the_network(self, router: Any) -> None:
        async with router.change(hostname("new")) as change:
            assert "-   <hostname>old</hostname>\n+   <hostname>new</hostname>" in change.diff
            await change.commit(confirm_within=30)
            assert (change.outcome, change.strength) == ("changed", ConfirmStrength.SESSION)
            assert "<hostname>new<" in await running(router)

        assert change.outcome is ChangeOutcome.REVERTED
        assert "<hostname>old<" in await running(router)

    async def test_a_confirmed_change_stays(self, router: Any) -> None:
        async with router.change(hostname("new")) as change:
            await change.commit(confirm_within=30)
            await change.confirm()

        assert change.outcome is ChangeOutcome.CHANGED
        assert "<hostname>new<" in await running(router)

    async def test_what_the_server_refuses_changes_nothing(self, router: Any) -> None:
        with pytest.raises(ConfigRejected, match="type"):
            async with router.change(INTERFACE.format("x").replace("ianaift:ethernetCsmacd", "bogus")) as change:
                await change.commit()

        assert "eth0" not in await running(router)
