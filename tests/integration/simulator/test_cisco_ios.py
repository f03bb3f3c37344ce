"""Real clients against the simulated Cisco IOS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from neops.testing.simulator import Facts, Interface, Neighbor, RunningDevice, SimulatedDevice, SimulatedNetwork

FACTS = Facts(
    version="17.12.3",
    serial="FCW2233L0AB",
    interfaces=(
        Interface(name="GigabitEthernet1/0/1", description="to core", address="192.0.2.1/30"),
        Interface(name="GigabitEthernet1/0/2", enabled=False),
    ),
    neighbors=(Neighbor(interface="GigabitEthernet1/0/1", name="zrh-core-01", port="Ethernet1"),),
)


@pytest.fixture(scope="module")
def router() -> Iterator[RunningDevice]:
    spec = SimulatedDevice(name="r1", platform="cisco_ios", enable_secret="enable-me", facts=FACTS)
    with SimulatedNetwork([spec]) as network:
        yield network["r1"]


def test_netmiko_enables_and_configures(router: RunningDevice) -> None:
    from netmiko import ConnectHandler

    with ConnectHandler(
        device_type="cisco_ios",
        host="127.0.0.1",
        port=router.port,
        username="neops",
        password="simulated",
        secret="enable-me",
    ) as session:
        session.enable()
        session.send_config_set(["interface Lo7", "description from netmiko"])
        shown = session.send_command("show running-config interface Lo7")

    assert "interface Loopback7\n description from netmiko" in str(shown)
    assert "interface Lo7" in router.commands
    assert "enable-me" not in router.commands


def test_napalm_reads_what_the_device_says(router: RunningDevice) -> None:
    from napalm import get_network_driver

    options = {"port": router.port, "secret": "enable-me"}
    with get_network_driver("ios")("127.0.0.1", "neops", "simulated", optional_args=options) as driver:
        facts, interfaces = driver.get_facts(), driver.get_interfaces()
        neighbors, running = driver.get_lldp_neighbors(), driver.get_config()["running"]

    assert (facts["hostname"], facts["serial_number"], facts["model"]) == ("r1", "FCW2233L0AB", "C9300-48T")
    assert "Version 17.12.3," in facts["os_version"]
    assert interfaces["GigabitEthernet1/0/1"]["description"] == "to core"
    assert not interfaces["GigabitEthernet1/0/2"]["is_enabled"]
    assert neighbors == {"GigabitEthernet1/0/1": [{"hostname": "zrh-core-01", "port": "Ethernet1"}]}
    assert "ip address 192.0.2.1 255.255.255.252" in running
