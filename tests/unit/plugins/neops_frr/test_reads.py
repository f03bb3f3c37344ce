from pathlib import Path

import pytest

from neops.devices import BgpPeer, BgpPrefixes, Facts, InterfaceDetails, Route
from neops.devices.parsing import Answers, Read
from neops.errors import ParseFailed
from neops_frr import reads

DATA = Path(__file__).parent / "data"


def recorded(*commands: str) -> Answers:
    outputs = {command: (DATA / f"{command.replace(' ', '_')}.txt").read_text() for command in commands}
    return Answers(device="r2", platform="frr", outputs=outputs)


def said(output: str, *commands: str) -> Answers:
    return Answers(device="r2", platform="frr", outputs=dict.fromkeys(commands, output))


def test_facts_name_the_router_its_software_and_its_interfaces() -> None:
    assert reads.facts(recorded(*reads.FACTS.commands)) == Facts(
        hostname="r2",
        vendor="FRRouting",
        model="Linux(6.1.0-18-amd64)",
        serial_number="",
        os_version="8.4.4",
        interface_list=("dummy0", "lo", "mgmt", "to-r1", "to-r3"),
    )


def test_interfaces_have_our_units() -> None:
    interfaces = reads.interfaces(recorded(reads.SHOW_INTERFACES))

    assert interfaces["to-r1"] == InterfaceDetails(
        is_up=True, is_enabled=True, description="to r1", mac_address="02:00:5E:10:00:02", mtu=1500, speed=10_000.0
    )
    assert (interfaces["lo"].mac_address, interfaces["lo"].speed) == ("", -1.0)


def test_an_interface_that_is_configured_and_not_there_is_down() -> None:
    interfaces = reads.interfaces(recorded(reads.SHOW_INTERFACES))

    assert interfaces["dummy0"] == InterfaceDetails(is_up=False, is_enabled=False, description="spare")


def test_an_interface_has_the_addresses_of_both_families() -> None:
    addresses = reads.addresses(recorded(reads.SHOW_INTERFACES))

    assert "dummy0" not in addresses
    assert {address: one.prefix_length for address, one in addresses["to-r1"].ipv4.items()} == {"10.0.12.2": 24}
    assert [one.prefix_length for one in addresses["to-r1"].ipv6.values()] == [64]


def test_bgp_is_read_in_every_vrf() -> None:
    bgp = reads.bgp_neighbors(recorded(reads.SHOW_BGP))

    assert {name: instance.router_id for name, instance in bgp.items()} == {
        "global": "10.255.0.2",
        "blue": "192.0.2.20",
        "green": "",
    }
    assert list(bgp["blue"].peers) == ["192.0.2.21"]
    assert bgp["green"].peers == {}


def test_a_bgp_peer_that_is_up_has_uptime_and_prefixes() -> None:
    peers = reads.bgp_neighbors(recorded(reads.SHOW_BGP))["global"].peers

    assert peers["10.0.12.1"] == BgpPeer(
        local_as=65002,
        remote_as=65001,
        remote_id="10.255.0.1",
        is_up=True,
        is_enabled=True,
        description="r1",
        uptime=4.0,
        address_family={"ipv4": BgpPrefixes(accepted_prefixes=1, sent_prefixes=3)},
    )


@pytest.mark.parametrize(
    ("peer", "is_enabled", "families"),
    [("203.0.113.1", False, {"ipv4"}), ("2001:db8::9", True, {"ipv4", "ipv6"}), ("to-r3", True, {"ipv4"})],
)
def test_bgp_peers_that_are_down_are_told_from_those_that_are_shut_down(
    peer: str, is_enabled: bool, families: set[str]
) -> None:
    one = reads.bgp_neighbors(recorded(reads.SHOW_BGP))["global"].peers[peer]

    assert (one.is_up, one.is_enabled, one.uptime, one.remote_id) == (False, is_enabled, -1.0, "")
    assert set(one.address_family) == families


def test_a_router_without_bgp_has_no_instances() -> None:
    assert reads.bgp_neighbors(said("{\n}\n", reads.SHOW_BGP)) == {}


def test_a_route_says_where_packets_go_and_for_how_long() -> None:
    routes = reads.routes(recorded("show ip route json"), "")

    assert routes["10.255.0.1/32"] == [
        Route(
            protocol="bgp",
            current_active=True,
            age=3.0,
            next_hop="10.0.12.1",
            outgoing_interface="to-r1",
            selected_next_hop=True,
            preference=20,
            protocol_attributes={"metric": 0},
        )
    ]


def test_every_next_hop_of_a_route_is_one_way() -> None:
    routes = reads.routes(recorded("show ip route json", "show ipv6 route json"), "")

    assert [way.outgoing_interface for way in routes["203.0.113.0/24"]] == ["to-r1", "to-r3"]
    assert [way.current_active for way in routes["fe80::/64"]].count(True) == 1


def test_routes_of_other_protocols_are_left_out() -> None:
    assert set(reads.routes(recorded("show ip route json"), "bgp")) == {"10.255.0.1/32", "10.255.0.3/32"}


@pytest.mark.parametrize(
    ("destination", "protocol", "longer", "expected"),
    [
        ("", "", False, ("show ip route json", "show ipv6 route json")),
        ("", "bgp", False, ("show ip route bgp json", "show ipv6 route bgp json")),
        ("192.0.2.1", "bgp", False, ("show ip route 192.0.2.1 json",)),
        ("192.0.2.1/24", "", False, ("show ip route 192.0.2.0/24 json",)),
        ("192.0.2.0/24", "", True, ("show ip route 192.0.2.0/24 longer-prefixes json",)),
        ("2001:db8::1", "", False, ("show ipv6 route 2001:db8::1 json",)),
        ("2001:db8::/32", "", True, ("show ipv6 route 2001:db8::/32 longer-prefixes json",)),
    ],
)
def test_a_destination_becomes_the_command_of_its_family(
    destination: str, protocol: str, longer: bool, expected: tuple[str, ...]
) -> None:
    assert reads.route_commands(destination, protocol, longer) == expected


@pytest.mark.parametrize(
    ("destination", "protocol"), [("r1; reload", ""), ("192.0.2.0/33", ""), ("", "bgp json\nconfigure")]
)
def test_nothing_but_destinations_and_protocols_reaches_the_router(destination: str, protocol: str) -> None:
    with pytest.raises(ValueError, match="not"):
        reads.route_commands(destination, protocol, longer=False)


@pytest.mark.parametrize(
    "read", [reads.FACTS, reads.INTERFACES, reads.BGP_NEIGHBORS], ids=["facts", "interfaces", "bgp"]
)
@pytest.mark.parametrize("output", ["lorem ipsum", "[]", '{"default": {"x": {"a": 1}}}'])
def test_what_is_not_as_frr_writes_it_is_a_failure_and_never_empty(read: Read[object], output: str) -> None:
    with pytest.raises(ParseFailed, match="r2"):
        read.parse(said(output, *read.commands))
