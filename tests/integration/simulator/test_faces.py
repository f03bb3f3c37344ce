"""The interfaces for programs of simulated devices: eAPI and NETCONF, on the same state as the command line."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork

EDIT = (
    "<config><configuration><interfaces><interface><name>ge-0/0/1</name><description>by netconf</description>"
    "</interface></interfaces></configuration></config>"
)


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    devices = [
        SimulatedDevice(name="eos", platform="arista_eos"),
        SimulatedDevice(name="eos-enable", platform="arista_eos", enable_secret="up-up"),
        SimulatedDevice(name="eos-ssh", platform="arista_eos", faces=frozenset({"ssh"})),
        SimulatedDevice(name="eos-reload", platform="arista_eos", boot_s=60),
        SimulatedDevice(name="junos", platform="juniper_junos"),
        SimulatedDevice(name="junos-ssh", platform="juniper_junos", faces=frozenset({"ssh"})),
    ]
    with SimulatedNetwork(devices) as running:
        yield running


def eapi(
    device: RunningDevice, *commands: str | dict[str, str], format_: str = "json", password: str = "simulated"
) -> dict[str, Any]:
    call = {
        "jsonrpc": "2.0",
        "method": "runCmds",
        "id": "1",
        "params": {"version": 1, "cmds": commands, "format": format_},
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{device.ports['eapi']}/command-api", data=json.dumps(call).encode()
    )
    request.add_header("Authorization", "Basic " + base64.b64encode(f"neops:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as refused:
        refused.close()
        raise


def netconf(device: RunningDevice, **parameters: Any) -> Any:
    from ncclient import manager

    return manager.connect(
        host="127.0.0.1",
        port=device.port,
        username="neops",
        password="simulated",
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=5,
        **parameters,
    )


def test_eapi_answers_json_or_text(network: SimulatedNetwork) -> None:
    device = network["eos"]

    as_json = eapi(device, "show version", "show hostname")["result"]
    as_text = eapi(device, "show version", format_="text")["result"]

    assert (as_json[0]["modelName"], as_json[1]["hostname"]) == ("DCS-7050SX3-48YC8", "eos")
    assert "Software image version: 4.31.2F" in as_text[0]["output"]


@pytest.mark.parametrize(
    ("commands", "code", "said"),
    [
        (("show version", "show bogus"), 1002, "CLI command 3 of 3 'show bogus' failed: invalid command"),
        (("show inventory",), 1003, "unconverted"),
        (("configure session nobody commit",), 1002, "invalid command"),
    ],
)
def test_eapi_stops_at_a_command_that_fails(
    network: SimulatedNetwork, commands: tuple[str, ...], code: int, said: str
) -> None:
    error = eapi(network["eos"], "enable", *commands)["error"]

    assert error["code"] == code
    assert said in error["message"] or said in json.dumps(error["data"])
    assert len(error["data"]) == len(commands) + 1


def test_eapi_starts_unprivileged_and_takes_the_enable_secret(network: SimulatedNetwork) -> None:
    device = network["eos-enable"]

    refused = eapi(device, "configure")
    wrong = eapi(device, {"cmd": "enable", "input": "down-down"}, "configure")
    right = eapi(device, {"cmd": "enable", "input": "up-up"}, "configure", "hostname renamed", "end")

    assert "error" in refused
    assert "error" in wrong
    assert right["result"] == [{}, {}, {}, {}]
    assert "hostname renamed" in device.running_config
    assert "up-up" not in device.commands


def test_eapi_refuses_a_wrong_password(network: SimulatedNetwork) -> None:
    device = network["eos"]
    device.forget()

    with pytest.raises(urllib.error.HTTPError, match="401"):
        eapi(device, "show version", password="wrong")

    assert (device.logins, device.failed_logins) == (0, 1)


async def test_what_eapi_changes_is_seen_over_ssh_and_the_other_way_round(
    network: SimulatedNetwork, login: Any
) -> None:
    device = network["eos"]
    eapi(device, "enable", "configure session s1", "interface Ethernet2", "description by eapi")
    before = device.running_config
    eapi(device, "enable", "configure session s1 commit")

    async with await login(device) as connection:
        shown = await connection.run("show running-config interfaces Ethernet2", check=True)

    assert "by eapi" not in before
    assert "description by eapi" in shown.stdout
    assert device.candidates == ()


async def test_what_netconf_changes_is_seen_over_ssh(network: SimulatedNetwork, login: Any) -> None:
    device = network["junos"]
    with netconf(device) as session:
        session.edit_config(target="candidate", config=EDIT)
        waiting = device.candidates
        session.commit()

    async with await login(device) as connection:
        shown = await connection.run("show configuration interfaces ge-0/0/1", check=True)

    assert (waiting, device.candidates) == (("candidate",), ())
    assert 'description "by netconf";' in shown.stdout


@pytest.mark.parametrize("client", ["default", "junos"])
def test_ncclient_locks_edits_and_commits(network: SimulatedNetwork, client: str) -> None:
    device = network["junos"]

    with netconf(device, device_params={"name": client}) as session, session.locked("candidate"):
        session.edit_config(target="candidate", config=EDIT.replace("by netconf", f"by {client}"))
        locked = device.configuration_locked
        session.validate()
        session.commit()
        name = "<configuration><interfaces><interface><name>ge-0/0/1</name></interface></interfaces></configuration>"
        shown = str(session.get_config("running", filter=("subtree", name)))

    assert locked
    assert f"<description>by {client}</description>" in shown
    assert "host-name" not in shown
    assert not device.configuration_locked


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_scrapli_netconf_speaks_both_framings(network: SimulatedNetwork, version: str) -> None:
    from scrapli_netconf import NetconfDriver
    from scrapli_netconf.constants import NetconfVersion

    driver = NetconfDriver(
        host="127.0.0.1",
        port=network["junos"].ports["netconf"],
        auth_username="neops",
        auth_password="simulated",
        auth_strict_key=False,
        transport="paramiko",
        timeout_ops=5,
        preferred_netconf_version=version,
    )
    with driver as session:
        answers = [session.lock("candidate"), session.get_config(source="running"), session.unlock("candidate")]
        spoken = session.netconf_version

    assert not any(answer.failed for answer in answers)
    assert "<host-name>junos</host-name>" in answers[1].result.replace("\n", "")
    assert spoken is (NetconfVersion.VERSION_1_0 if version == "1.0" else NetconfVersion.VERSION_1_1)


def test_a_device_listens_only_where_it_is_told_to(network: SimulatedNetwork) -> None:
    from ncclient.transport.errors import SSHError

    assert set(network["eos"].ports) == {"ssh", "eapi"}
    assert set(network["eos-ssh"].ports) == {"ssh"}
    assert network["junos"].ports["netconf"] == network["junos"].port
    assert "netconf" not in network["junos-ssh"].ports
    with pytest.raises(SSHError), netconf(network["junos-ssh"]):
        pass


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (FaultKind.REFUSE, "refused"),
        (FaultKind.DROP, "reset|Incomplete|closed"),
        (FaultKind.REJECT_PASSWORD, "401"),
        (FaultKind.TRUNCATE, "Unterminated|Expecting"),
    ],
)
def test_faults_strike_over_eapi_too(network: SimulatedNetwork, kind: FaultKind, problem: str) -> None:
    device = network["eos"]
    device.fault = Fault(kind=kind)
    try:
        with pytest.raises(Exception, match=f"(?i){problem}"):
            eapi(device, "show version")
    finally:
        device.fault = None

    assert eapi(device, "show version")["result"]


def test_a_reload_over_eapi_cuts_the_connection_and_closes_both_ports(network: SimulatedNetwork) -> None:
    device = network["eos-reload"]

    with pytest.raises((OSError, http.client.HTTPException)):
        eapi(device, "enable", "reload now")
    with pytest.raises(urllib.error.URLError, match="refused"):
        eapi(device, "show version")


def test_a_netconf_session_that_is_cut_leaves_no_lock(network: SimulatedNetwork) -> None:
    device = network["junos"]
    session = netconf(device)
    session.lock("candidate")
    session.edit_config(target="candidate", config=EDIT.replace("by netconf", "cut off"))
    device.fault = Fault(kind=FaultKind.DROP, command="^validate", times=1)
    with pytest.raises(Exception, match=r"\S"):
        session.validate()

    with netconf(device) as session, session.locked("candidate"):
        assert "cut off" not in str(session.get_config("candidate"))
