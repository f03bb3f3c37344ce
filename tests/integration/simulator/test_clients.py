"""scrapli and netmiko log in to every platform, read and configure as they do on the real one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

SECRET = "enable-me"


@dataclass(frozen=True)
class Platform:
    """What to type on a platform; the configuration writes DESCRIPTION somewhere."""

    version: str
    configure: tuple[str, ...]
    show: str


CISCO = "interface Loopback7", "description DESCRIPTION"
PLATFORMS = {
    "arista_eos": Platform("show version", CISCO, "show running-config"),
    "cisco_ios": Platform("show version", CISCO, "show running-config"),
    "cisco_nxos": Platform("show version", ("interface loopback7", "description DESCRIPTION"), "show running-config"),
    "cisco_xr": Platform("show version", (*CISCO, "commit"), "show running-config"),
    "frr": Platform("show version", ("interface lo7", "description DESCRIPTION"), "show running-config"),
    "huawei_vrp": Platform(
        "display version", ("interface LoopBack7", "description DESCRIPTION"), "display current-configuration"
    ),
    "huawei_vrpv8": Platform(
        "display version", ("interface LoopBack7", "description DESCRIPTION", "commit"), "display current-configuration"
    ),
    "juniper_junos": Platform(
        "show version", ("set interfaces ge-0/0/1 description DESCRIPTION", "commit"), "show configuration"
    ),
    "nokia_srl": Platform(
        "show version", ("set / interface ethernet-1/2 description DESCRIPTION", "commit stay"), "info from running"
    ),
}


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    specs = [SimulatedDevice(name=name.replace("_", "-"), platform=name, enable_secret=SECRET) for name in PLATFORMS]
    with SimulatedNetwork([*specs, SimulatedDevice(name="linux", platform="linux")]) as network:
        yield network


@pytest.mark.parametrize("name", PLATFORMS)
async def test_scrapli_reads_and_configures(name: str, network: SimulatedNetwork) -> None:
    from scrapli import AsyncScrapli

    device, platform = network[name.replace("_", "-")], PLATFORMS[name]
    async with AsyncScrapli(
        platform=device.platform.scrapli,
        host="127.0.0.1",
        port=device.port,
        auth_username="neops",
        auth_password="simulated",
        auth_secondary=SECRET,
        auth_strict_key=False,
        transport="asyncssh",
    ) as session:
        version = await session.send_command(platform.version)
        changes = await session.send_configs([line.replace("DESCRIPTION", "scrapli") for line in platform.configure])
        running = await session.send_command(platform.show)

    assert device.platform.defaults.version in version.result
    assert not changes.failed
    assert "description scrapli" in running.result


TYPED_BY_HAND = {"huawei_vrp", "huawei_vrpv8"}  # netmiko takes 2 s for each look whether it is in configuration mode


@pytest.mark.parametrize("name", [name for name in PLATFORMS if name not in TYPED_BY_HAND])
def test_netmiko_reads_and_configures(name: str, network: SimulatedNetwork) -> None:
    from netmiko import ConnectHandler

    device, platform = network[name.replace("_", "-")], PLATFORMS[name]
    with ConnectHandler(
        device_type=device.platform.netmiko,
        host="127.0.0.1",
        port=device.port,
        username="neops",
        password="simulated",
        secret=SECRET,
    ) as session:
        session.enable()
        version = session.send_command(platform.version)
        session.send_config_set([line.replace("DESCRIPTION", "netmiko") for line in platform.configure])
        session.exit_config_mode()
        running = session.send_command(platform.show)

    assert device.platform.defaults.version in str(version)
    assert "description netmiko" in str(running)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TYPED_BY_HAND))
def test_netmiko_types_on_huawei(name: str, network: SimulatedNetwork) -> None:
    from netmiko import ConnectHandler

    device, platform = network[name.replace("_", "-")], PLATFORMS[name]
    where = {"host": "127.0.0.1", "port": device.port}
    with ConnectHandler(
        device_type=device.platform.netmiko, username="neops", password="simulated", **where
    ) as session:
        version = session.send_command(platform.version)
        for line in ("system-view", *platform.configure):
            session.send_command(line.replace("DESCRIPTION", "netmiko"), expect_string=r"[\]>]$")
        session.send_command("return", expect_string=">")
        running = session.send_command(platform.show)

    assert device.platform.defaults.version in str(version)
    assert "description netmiko" in str(running)


def test_netmiko_reads_linux(network: SimulatedNetwork) -> None:
    from netmiko import ConnectHandler

    where = {"host": "127.0.0.1", "port": network["linux"].port}
    with ConnectHandler(device_type="linux", username="neops", password="simulated", **where) as session:
        assert 'PRETTY_NAME="Debian' in str(session.send_command("cat /etc/os-release"))
        session.enable()
        assert session.send_command("hostname") == "linux"
