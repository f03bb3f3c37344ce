"""The inventory that a network writes, read by Nornir itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork, demo_devices, demo_network

DEMO_PLATFORMS = {"arista_eos", "cisco_ios", "juniper_junos", "linux", "nokia_srl"}


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    router = SimulatedDevice(name="r1", platform="cisco_ios", enable_secret="enable-me", groups=("lab",))
    with SimulatedNetwork([router, SimulatedDevice(name="f1", platform="frr", data={"site": "zrh"})]) as network:
        yield network


def test_nornir_and_netmiko_work_on_the_inventory_with_host_keys_checked(
    network: SimulatedNetwork, tmp_path: Path
) -> None:
    from nornir import InitNornir
    from nornir_netmiko.tasks import netmiko_send_command

    nornir = InitNornir(config_file=str(network.write_inventory(tmp_path)))
    results = nornir.run(task=netmiko_send_command, command_string="show version", enable=True)
    nornir.close_connections()

    assert not results.failed, {name: str(result[0].exception) for name, result in results.failed_hosts.items()}
    assert "17.9.4a" in results["r1"].result
    assert "FRRouting" in results["f1"].result
    assert nornir.inventory.hosts["r1"].platform == "cisco_ios"
    assert nornir.inventory.hosts["f1"].platform == "frr"
    assert nornir.inventory.hosts["f1"]["site"] == "zrh"
    assert set(nornir.inventory.groups) == {"cisco_ios", "frr", "lab"}


def test_scrapli_works_on_the_inventory_with_host_keys_checked(network: SimulatedNetwork, tmp_path: Path) -> None:
    from nornir import InitNornir
    from scrapli import AsyncScrapli

    nornir = InitNornir(config_file=str(network.write_inventory(tmp_path)))
    host = nornir.inventory.hosts["r1"].get_connection_parameters("scrapli")

    arguments: dict[str, Any] = {
        "host": host.hostname,
        "port": host.port,
        "platform": host.platform,
        "auth_username": host.username,
        "auth_password": host.password,
        **(host.extras or {}),
    }

    async def version() -> str:
        async with AsyncScrapli(transport="asyncssh", **arguments) as session:
            return (await session.send_command("show version")).result

    assert "17.9.4a" in asyncio.run(version())


def test_neops_finds_its_known_hosts_at_every_level(network: SimulatedNetwork, tmp_path: Path) -> None:
    network.write_inventory(tmp_path)
    hosts = yaml.safe_load((tmp_path / "hosts.yaml").read_text())
    defaults = yaml.safe_load((tmp_path / "defaults.yaml").read_text())

    file = defaults["connection_options"]["neops"]["extras"]["known_hosts_file"]
    assert Path(file) == tmp_path / "known_hosts"
    assert hosts["r1"]["connection_options"]["neops"]["extras"] == {
        "known_hosts_file": file,
        "enable_secret": "enable-me",
    }


async def test_the_known_hosts_are_those_of_the_devices(tmp_path: Path) -> None:
    async with demo_network(1) as network:
        file = network.write_known_hosts(tmp_path / "known_hosts")
        (device,) = network
        login = {"username": "neops", "password": "simulated", "client_keys": None, "config": None}
        async with asyncssh.connect("127.0.0.1", device.port, known_hosts=str(file), **login):
            pass

        async with demo_network(1) as other:
            with pytest.raises(asyncssh.HostKeyNotVerifiable):
                await asyncssh.connect("127.0.0.1", next(iter(other)).port, known_hosts=str(file), **login)


def test_the_demo_has_five_platforms_and_is_the_same_again() -> None:
    devices = demo_devices(12, seed=7)

    assert {device.platform for device in devices} == DEMO_PLATFORMS
    assert devices[0].name == "zrh-core-01"
    assert devices == demo_devices(12, seed=7)
    assert devices != demo_devices(12, seed=8)


def test_the_demo_is_cabled_at_both_ends() -> None:
    devices = {device.name: device for device in demo_devices(30)}
    ends = {(n.interface, d.name, n.port, n.name) for d in devices.values() for n in d.facts.neighbors}

    assert len(ends) > 30
    assert all((port, name, interface, device) in ends for interface, device, port, name in ends)
    addresses = [i.address for d in devices.values() for i in d.facts.interfaces if i.address]
    assert len(set(addresses)) == len(addresses)


def test_many_demo_devices_have_names_of_their_own() -> None:
    assert len({device.name for device in demo_devices(2000)}) == 2000


def test_a_process_of_its_own_serves_until_its_input_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "neops.testing.simulator", "--devices", "3", "--write", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.stdin.close()

        assert process.wait(5) == 0
        assert [device["platform"] for device in ready["devices"]] == ["juniper_junos", "nokia_srl", "arista_eos"]
        assert Path(ready["config"]) == tmp_path / "config.yaml"


def test_a_process_of_its_own_stops_on_sigterm() -> None:
    command = [sys.executable, "-m", "neops.testing.simulator", "--devices", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()

        assert process.wait(5) == 0
