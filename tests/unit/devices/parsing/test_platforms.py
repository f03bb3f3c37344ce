from collections.abc import Callable
from typing import Any

import pytest

from neops.devices import Facts, InterfaceDetails
from neops.devices.parsing import PLATFORMS, Answers, ConfigRead, Read, reads_of
from neops.errors import ParseFailed

Recorded = Callable[..., Answers]
DAY, HOUR, MINUTE = 86_400, 3_600, 60


def parse(read: Read[Any] | None, platform: str, answers: Recorded) -> Any:
    assert read is not None
    return read.parse(answers(platform, *read.commands))


FACTS = {
    "cisco_ios": Facts(
        hostname="router1",
        vendor="Cisco",
        model="WS-C4948E",
        serial_number="CAT1451S15C",
        os_version="12.2(54)SG1",
        uptime=2 * 365 * DAY + (31 * 7 + 6) * DAY + 9 * HOUR + 55 * MINUTE,
        interface_list=("Ethernet0/0", "Ethernet0/0.11", "Ethernet0/0.100"),
    ),
    "cisco_nxos": Facts(
        hostname="N9K1",
        vendor="Cisco",
        model="C9396PX",
        serial_number="SAL1819S6LU",
        os_version="6.1(2)I3(1)",
        uptime=123 * DAY + 5 * HOUR + 15 * MINUTE + 19,
        interface_list=("Vlan20", "mgmt0", "Ethernet1/1"),
    ),
    "cisco_xr": Facts(
        hostname="xr1",
        vendor="Cisco",
        model="8202-32FH-M",
        serial_number="FLM27ABCDEF",
        os_version="7.9.2",
        uptime=8 * DAY + 17 * HOUR + 47 * MINUTE,
        interface_list=("Loopback5", "Null0", "tunnel-te300", "MgmtEth0/RSP0/CPU0/1"),
    ),
    "arista_eos": Facts(
        hostname="spine1",
        fqdn="spine1.company.com",
        vendor="Arista",
        model="cEOSLab",
        serial_number="35BA12C16E793CAD48DE0EEC072CFD74",
        os_version="4.31.6M-39953990.4316M",
        uptime=2 * DAY + 15 * HOUR + 56 * MINUTE,
        interface_list=("Ethernet1", "Ethernet2", "Ethernet49/1"),
    ),
    "juniper_junos": Facts(
        hostname="lab",
        vendor="Juniper",
        model="mx240",
        serial_number="A1111",
        os_version="18.4R1-S3.1",
        uptime=22 * 7 * DAY + 19 * HOUR + 16 * MINUTE,
        interface_list=("ge-0/0/0", "gr-0/0/0"),
    ),
    "nokia_srl": Facts(
        hostname="leaf1",
        vendor="Nokia",
        model="7220 IXR-D2L",
        serial_number="Sim Serial No.",
        os_version="v23.10.1",
        uptime=DAY + 90 * MINUTE + 0.5,
        interface_list=("ethernet-1/1", "ethernet-1/2", "lo0"),
    ),
    "frr": Facts(
        hostname="r1",
        vendor="FRRouting",
        model="Linux(6.1.0-18-amd64)",
        serial_number="",
        os_version="8.4.4",
        interface_list=("eth0", "eth1", "lo"),
    ),
    "huawei_vrp": Facts(
        hostname="ne40",
        vendor="Huawei",
        model="NE40E-X2-M8A",
        serial_number="2102359574DMK9000123",
        os_version="NE40E V800R011C00SPC200",
        uptime=161 * DAY + 20 * MINUTE,
        interface_list=("GigabitEthernet0/0/0", "GigabitEthernet0/0/1", "GigabitEthernet0/0/2"),
    ),
    "linux": Facts(
        hostname="leaf1",
        fqdn="leaf1.example.net",
        vendor="Linux",
        model="x86_64",
        serial_number="0123456789abcdef0123456789abcdef",
        os_version="Debian GNU/Linux 12 (bookworm)",
        uptime=1209780.42,
        interface_list=("lo", "ens32", "gpd0", "br-218f5e637867"),
    ),
}


@pytest.mark.parametrize("platform", FACTS)
def test_facts_have_the_same_fields_on_every_platform(platform: str, answers: Recorded) -> None:
    assert parse(reads_of(platform).facts, platform, answers) == FACTS[platform]


INTERFACES = {
    "cisco_ios": ("GigabitEthernet0/1", "to iosvl2-2", "FA:16:3E:4F:41:CC", 1500, 1000.0),
    "cisco_nxos": ("mgmt0", "out of band mgmt interface", "50:87:89:A1:D8:CE", 1500, 100.0),
    "cisco_xr": ("Loopback5", "$DCI ~Loopback for OSPF/LDP/BGP/TE", "", 1500, -1.0),
    "arista_eos": ("Ethernet2", "Connects to Ethernet1 on localhost", "08:00:27:DC:54:43", 1500, 10_000.0),
    "juniper_junos": ("ge-0/0/0", "Test", "00:0C:29:5E:2C:1A", 1514, 1000.0),
    "frr": ("eth0", "to spine1", "02:42:AC:11:00:02", 1500, 10_000.0),
    "nokia_srl": ("ethernet-1/1", "to spine1", "1A:B0:00:FF:00:01", 9232, 25_000.0),
    "linux": ("ens32", "", "00:0C:29:56:07:1B", 1500, -1.0),
}


@pytest.mark.parametrize("platform", INTERFACES)
def test_an_interface_that_is_up_has_the_same_fields_on_every_platform(platform: str, answers: Recorded) -> None:
    name, description, mac_address, mtu, speed = INTERFACES[platform]

    interface = parse(reads_of(platform).interfaces, platform, answers)[name]

    assert interface.model_copy(update={"last_flapped": -1.0}) == InterfaceDetails(
        is_up=True, is_enabled=True, description=description, mac_address=mac_address, mtu=mtu, speed=speed
    )


@pytest.mark.parametrize(
    ("platform", "name", "is_enabled"),
    [
        ("cisco_ios", "GigabitEthernet0/0", True),
        ("cisco_ios", "GigabitEthernet0/2", False),
        ("cisco_nxos", "Vlan20", True),
        ("cisco_xr", "MgmtEth0/RSP0/CPU0/1", False),
        ("arista_eos", "Ethernet49/1", False),
        ("nokia_srl", "ethernet-1/2", False),
        ("linux", "br-218f5e637867", True),
        ("frr", "eth1", False),
        ("huawei_vrp", "GigabitEthernet0/0/0", True),
    ],
)
def test_down_and_disabled_are_told_apart(platform: str, name: str, is_enabled: bool, answers: Recorded) -> None:
    interface = parse(reads_of(platform).interfaces, platform, answers)[name]

    assert (interface.is_up, interface.is_enabled) == (False, is_enabled)


NEIGHBORS = {
    "cisco_ios": ("GigabitEthernet1/1/2", "sdalab-bldg1-as01.devices.example.com", "Gi1/0/16"),
    "cisco_nxos": ("Ethernet1/1", "n9k2.company.com", "Ethernet1/1"),
    "cisco_xr": ("FourHundredGigE0/0/0/0", "router-400.router.com", "Fou1/0/22"),
    "arista_eos": ("Ethernet1", "spine2.company.com", "Ethernet1"),
    "juniper_junos": ("ge-0/0/1", "vmx2", "ge-0/0/1"),
    "nokia_srl": ("ethernet-1/1", "spine1", "ethernet-1/7"),
    "huawei_vrp": ("GigabitEthernet0/0/1", "tsa-2960-sw01", "Gi1/0/1"),
    "linux": ("eth0", "spine1", "Ethernet1"),
}


@pytest.mark.parametrize("platform", NEIGHBORS)
def test_neighbors_are_found_on_their_local_interface(platform: str, answers: Recorded) -> None:
    interface, hostname, port = NEIGHBORS[platform]

    neighbors = parse(reads_of(platform).neighbors, platform, answers)

    assert (neighbors[interface][0].hostname, neighbors[interface][0].port) == (hostname, port)


def test_several_neighbors_share_an_interface_of_lldpd(answers: Recorded) -> None:
    neighbors = parse(reads_of("linux").neighbors, "linux", answers)

    assert [one.hostname for one in neighbors["eth0"]] == ["spine1", "phone"]
    assert [(one.hostname, one.port) for one in neighbors["eth1.100"]] == [("50:00:00:03:37:68", "17")]


def test_an_ios_whose_detail_lacks_the_local_interface_is_read_with_the_short_table(answers: Recorded) -> None:
    outputs = dict(answers("cisco_ios", "show lldp neighbors detail", "show lldp neighbors").outputs)
    detail = outputs["show lldp neighbors detail"]
    outputs["show lldp neighbors detail"] = "\n".join(
        line for line in detail.splitlines() if not line.startswith("Local Intf")
    )
    lines = outputs["show lldp neighbors"].splitlines()
    outputs["show lldp neighbors"] = "\n".join(lines[:7])
    read = reads_of("cisco_ios").neighbors
    assert read is not None

    neighbors = read.parse(Answers(device="r1", platform="cisco_ios", outputs=outputs))

    assert list(neighbors) == ["FastEthernet0/13", "GigabitEthernet1/0/7"]


@pytest.mark.parametrize("platform", sorted(FACTS))
def test_garbage_is_a_failure_and_never_an_empty_result(platform: str) -> None:
    reads = reads_of(platform)
    getters: list[Read[Any] | None] = [reads.facts, reads.interfaces, reads.neighbors]
    for read in filter(None, getters):
        outputs = dict.fromkeys(read.commands, "lorem ipsum\n")
        if platform == "linux" and read is reads.neighbors:
            continue  # key-value lines have no frame: without lldpd's lines there is no neighbour

        with pytest.raises(ParseFailed, match="r1"):
            read.parse(Answers(device="r1", platform=platform, outputs=outputs))


CONFIGURATIONS = {
    "cisco_ios": """Building configuration...

Current configuration : 1234 bytes
!
! Last configuration change at 12:00:00 UTC Mon Jan 1 2024 by admin
!
hostname r1
""",
    "cisco_nxos": """
!Command: show running-config
!Running configuration last done at: Mon Jan  1 12:00:00 2024
!Time: Mon Jan  1 12:00:01 2024

hostname r1
""",
    "cisco_xr": """Mon Jan  1 12:00:00.123 UTC
Building configuration...
!! IOS XR Configuration 7.9.2
!! Last configuration change at Mon Jan  1 11:00:00 2024 by admin
!
hostname r1
""",
    "arista_eos": """! Command: show running-config
! device: r1 (cEOSLab, EOS-4.31.6M)
!
hostname r1
""",
    "juniper_junos": """## Last commit: 2024-01-01 12:00:00 UTC by admin
version 18.4R1;
hostname r1

{master:0}
""",
}
VOLATILE = ("Building", "Current configuration", "Last co", "!Time", "ommand: ", "last done", "12:00:0", "{master")


@pytest.mark.parametrize("platform", CONFIGURATIONS)
def test_a_configuration_has_no_lines_that_change_at_every_reading(platform: str) -> None:
    config = reads_of(platform).config
    assert config is not None

    kept = config.clean(CONFIGURATIONS[platform])

    assert kept.endswith("hostname r1\n")
    assert not [word for word in VOLATILE if word in kept]


def test_a_configuration_that_was_not_asked_is_empty() -> None:
    config = ConfigRead(commands={"running": ("show run",), "startup": ("show start",)})

    configs = config.result({"show run": "hostname r1"})

    assert (configs.running, configs.startup, configs.candidate) == ("hostname r1\n", "", "")


def test_every_described_platform_can_read_facts_and_configuration() -> None:
    assert all(reads.facts and reads.config for reads in PLATFORMS.values())
