"""Sessions over real SSH with a NETCONF server in memory; `tests/lab` has a real one."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from neops.devices import (
    ConnectionOptions,
    Credentials,
    DeviceRuntime,
    HostKeys,
    ReadsConfig,
    SpeaksNetconf,
    capabilities_of,
)
from neops.entities import Device, Secret
from neops.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectFailed,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
    Unreachable,
    UsageError,
)
from neops_netconf import NetconfPlugin
from neops_netconf.failures import RpcRejected
from neops_netconf.session import NetconfSession


class Netconf(SpeaksNetconf, ReadsConfig, Protocol): ...


@pytest.fixture
def options(server: Any, tmp_path: Path) -> ConnectionOptions:
    return ConnectionOptions(
        host="127.0.0.1",
        port=server.port,
        platform="rfc6241",
        credentials=Credentials(username="ops", password=Secret("s3cret")),
        host_keys=HostKeys(known_hosts=tmp_path / "known_hosts"),
        connect_timeout_s=5.0,
        command_timeout_s=5.0,
    )


@pytest.fixture
def session(device: Device, options: ConnectionOptions) -> NetconfSession:
    return NetconfSession(device=device, options=options)


def test_a_session_has_what_its_plugin_promises() -> None:
    served: type = NetconfSession

    assert capabilities_of(served) == NetconfPlugin().capabilities("netconf")


@pytest.mark.parametrize("chunked", [True, False])
async def test_configurations_are_read_with_either_framing(
    chunked: bool, server: Any, runtime: DeviceRuntime, device: Device
) -> None:
    server.chunked = chunked
    server.running["banner"] = "one\n##\ntwo"

    configs = await runtime.connect(device, ReadsConfig).get_config("all")

    assert "    <banner>one\n##\ntwo</banner>\n" in configs.running
    assert configs.candidate == configs.running
    assert configs.startup == ""


async def test_a_startup_configuration_is_read_where_the_server_has_one(
    server: Any, runtime: DeviceRuntime, device: Device
) -> None:
    server.capabilities = ("startup:1.0",)
    server.startup = {"hostname": "saved"}

    configs = await runtime.connect(device, ReadsConfig).get_config("startup")

    assert "<hostname>saved</hostname>" in configs.startup
    assert (configs.running, configs.candidate) == ("", "")


async def test_authors_ask_for_state_datastores_and_anything_else(runtime: DeviceRuntime, device: Device) -> None:
    router = runtime.connect(device, Netconf)

    assert "urn:ietf:params:netconf:capability:candidate:1.0" in await router.netconf_capabilities()
    assert ">subtree<" in await router.get("<system xmlns='urn:example:system'/>")
    assert ">all<" in await router.get()
    assert "<hostname>r1</hostname>" in await router.get_datastore("running", "<system xmlns='urn:example:system'/>")
    assert await router.rpc("<discard-changes xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'/>") == ""


async def test_an_error_of_the_server_is_quoted(runtime: DeviceRuntime, device: Device) -> None:
    with pytest.raises(CommandRejected, match="r1: rejected 'frobnicate': operation-not-supported: what is") as raised:
        await runtime.connect(device, Netconf).rpc("<frobnicate/>")

    assert isinstance(raised.value, RpcRejected)
    assert raised.value.tags == {"operation-not-supported"}


@pytest.mark.parametrize("request_", ["<lock/>", "<close-session/>", "<a/><b/>", "show version"])
async def test_what_a_shared_session_cannot_carry_is_wrong_usage(
    request_: str, server: Any, runtime: DeviceRuntime, device: Device
) -> None:
    with pytest.raises(UsageError, match="r1: "):
        await runtime.connect(device, Netconf).rpc(request_)

    assert server.asked == []


async def test_a_wrong_password_is_told(device: Device, options: ConnectionOptions) -> None:
    wrong = replace(options, credentials=Credentials(username="ops", password=Secret("guessed")))

    with pytest.raises(AuthenticationFailed, match="with netconf refused user ops"):
        await NetconfSession(device=device, options=wrong).open()


async def test_an_unknown_host_key_is_refused_when_the_policy_is_strict(
    device: Device, options: ConnectionOptions, tmp_path: Path
) -> None:
    strict = replace(options, host_keys=HostKeys(policy="strict", known_hosts=tmp_path / "none"))

    with pytest.raises(HostKeyRejected, match="unknown"):
        await NetconfSession(device=device, options=strict).open()


async def test_a_port_where_nobody_listens_is_told(device: Device, options: ConnectionOptions) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = replace(options, port=unused.getsockname()[1])

        with pytest.raises(Unreachable, match="Connection refused"):
            await NetconfSession(device=device, options=nobody).open()


async def test_without_a_port_it_is_the_one_of_netconf(device: Device, options: ConnectionOptions) -> None:
    elsewhere = replace(options, port=None, connect_timeout_s=0.5)

    with pytest.raises(ConnectFailed, match=r"127\.0\.0\.1:830 with netconf"):
        await NetconfSession(device=device, options=elsewhere).open()


async def test_a_server_without_netconf_is_told_from_one_that_is_down(
    device: Device, options: ConnectionOptions, server: Any
) -> None:
    async def no_hello(process: Any) -> None:
        process.exit(1)

    server.serve = no_hello

    with pytest.raises(ConnectFailed, match="no NETCONF hello: "):
        await NetconfSession(device=device, options=options).open()


async def test_a_hung_server_is_given_up_at_the_deadline(
    device: Device, options: ConnectionOptions, server: Any
) -> None:
    server.hangs = "get-config"
    session = NetconfSession(device=device, options=replace(options, command_timeout_s=0.2))
    await session.open()

    with pytest.raises(OperationTimedOut, match=r"r1: no reply within 0\.2 s after 'get-config'"):
        await session.get_config()

    assert not await session.alive()


async def test_an_abort_wakes_who_waits(session: NetconfSession, server: Any) -> None:
    server.hangs = "get"
    await session.open()
    waiting = asyncio.create_task(session.get())
    await asyncio.wait([waiting], timeout=0.1)

    session.abort()
    async with asyncio.timeout(1.0):
        with pytest.raises(SessionLost, match="aborted"):
            await waiting

    assert not await session.alive()


async def test_a_session_that_the_server_cuts_is_lost(session: NetconfSession, server: Any) -> None:
    server.cut = "get"
    await session.open()

    with pytest.raises(SessionLost, match=r"'get' on .* with netconf: the server closed the session"):
        await session.get()

    assert not await session.alive()


async def test_closing_twice_is_harmless(session: NetconfSession) -> None:
    await session.open()

    await session.close()
    await session.close()

    assert not await session.alive()
