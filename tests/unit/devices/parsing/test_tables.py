"""Addresses, ARP, MAC addresses, VLANs, BGP and routes: one network, printed by each platform in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from neops.devices import MacEntry, Route, Vlan
from neops.devices.parsing import Answers, Read, RouteQuery, read_json, reads_of
from neops.errors import ParseFailed

Recorded = Callable[..., Answers]

PORT = {
    "arista_eos": "Ethernet1",
    "aruba_aoscx": "1/1/1",
    "cisco_ios": "GigabitEthernet1/0/1",
    "cisco_nxos": "Ethernet1/1",
    "cisco_xr": "GigabitEthernet0/0/0/0",
    "frr": "eth0",
    "hp_procurve": "1",
    "huawei_vrp": "GigabitEthernet0/0/1",
    "juniper_junos": "ge-0/0/0.0",
    "linux": "eth0",
    "nokia_srl": "ethernet-1/1.0",
}
HOST, OTHER = "02:00:5E:10:00:09", "02:00:5E:10:00:0A"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def parse(read: Read[Any] | None, platform: str, answers: Recorded) -> Any:
    assert read is not None
    return read.parse(answers(platform, *read.commands))


def arp_of(platform: str, vrf: str = "") -> Read[Any]:
    arp = reads_of(platform).arp
    assert arp is not None
    return arp(vrf)


def routes_of(platform: str, query: RouteQuery) -> Read[Any]:
    routes = reads_of(platform).routes
    assert routes is not None
    return routes(query)


ADDRESSES: Mapping[str, Mapping[str, int]] = {
    "arista_eos": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": 64},
    "aruba_aoscx": {"192.0.2.1": 24, "192.0.2.129": 25},
    "cisco_ios": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": -1},
    "cisco_nxos": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": -1},
    "cisco_xr": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": -1},
    "frr": {"192.0.2.1": 24},
    "huawei_vrp": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": -1},
    "juniper_junos": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": 64},
    "linux": {
        "192.0.2.1": 24,
        "192.0.2.129": 25,
        "2001:db8::1": 64,
        "2001:db8:1::1": 64,
        "fe80::5eff:fe10:1": 64,
    },
    "nokia_srl": {"192.0.2.1": 24, "192.0.2.129": 25, "2001:db8::1": 64, "2001:db8:1::1": 64, "fe80::1": 64},
}


@pytest.mark.parametrize("platform", ADDRESSES)
def test_an_interface_has_its_addresses_with_their_prefix_lengths(platform: str, answers: Recorded) -> None:
    addresses = parse(reads_of(platform).addresses, platform, answers)[PORT[platform]]

    found = {
        address: one.prefix_length for family in (addresses.ipv4, addresses.ipv6) for address, one in family.items()
    }
    assert found == ADDRESSES[platform]


@pytest.mark.parametrize("platform", ["cisco_ios", "cisco_xr", "arista_eos", "huawei_vrp", "nokia_srl"])
def test_an_interface_without_addresses_is_left_out(platform: str, answers: Recorded) -> None:
    assert list(parse(reads_of(platform).addresses, platform, answers)) == [PORT[platform]]


def test_a_switch_without_routed_ports_has_the_addresses_of_its_vlans(answers: Recorded) -> None:
    addresses = parse(reads_of("hp_procurve").addresses, "hp_procurve", answers)

    assert addresses["DEFAULT_VLAN"].ipv4["192.0.2.1"].prefix_length == 24


def test_an_address_of_junos_without_a_length_is_a_hosts(answers: Recorded) -> None:
    assert (
        parse(reads_of("juniper_junos").addresses, "juniper_junos", answers)["lo0.0"].ipv4["10.255.0.1"].prefix_length
        == 32
    )


AGES = {"arista_eos": 720.0, "cisco_ios": 720.0, "cisco_nxos": 720.0, "cisco_xr": 720.0, "linux": 2.0}
ARP_PLATFORMS = sorted(PORT.keys() - {"frr"})


@pytest.mark.parametrize("platform", ARP_PLATFORMS)
def test_the_arp_table_has_who_answered(platform: str, answers: Recorded) -> None:
    [entry] = [one for one in parse(arp_of(platform), platform, answers) if one.ip == "192.0.2.9"]

    assert (entry.interface, entry.mac, entry.age) == (PORT[platform], HOST, AGES.get(platform, -1.0))


@pytest.mark.parametrize("platform", ARP_PLATFORMS)
def test_who_did_not_answer_is_not_in_the_arp_table(platform: str, answers: Recorded) -> None:
    assert "192.0.2.7" not in [one.ip for one in parse(arp_of(platform), platform, answers)]


IN_VRF = {
    "arista_eos": "show ip arp vrf blue",
    "aruba_aoscx": "show arp vrf blue",
    "cisco_ios": "show ip arp vrf blue",
    "cisco_nxos": "show ip arp vrf blue",
    "cisco_xr": "show arp vrf blue",
    "huawei_vrp": "display arp vpn-instance blue",
    "juniper_junos": "show arp no-resolve vpn blue",
    "linux": "ip -s -j -4 neigh show vrf blue",
}


@pytest.mark.parametrize("platform", IN_VRF)
def test_a_vrfs_arp_table_is_asked_by_its_name_and_read_alike(platform: str, answers: Recorded) -> None:
    [plain] = arp_of(platform).commands
    read = arp_of(platform, "blue")
    recorded = answers(platform, plain).text(plain)

    entries = read.parse(Answers(device="r1", platform=platform, outputs={IN_VRF[platform]: recorded}))

    assert read.commands == (IN_VRF[platform],)
    assert "192.0.2.9" in [one.ip for one in entries]


def test_a_network_instance_of_sr_linux_has_the_entries_of_its_interfaces(answers: Recorded) -> None:
    read = arp_of("nokia_srl", "blue")
    subinterfaces, members = read.commands
    recorded = answers("nokia_srl", subinterfaces).text(subinterfaces)

    def entries(interface: str) -> Any:
        told = f'{{"network-instance": [{{"name": "blue", "interface": [{{"name": "{interface}"}}]}}]}}'
        outputs = {subinterfaces: recorded, members: told}
        return read.parse(Answers(device="r1", platform="nokia_srl", outputs=outputs))

    assert [one.ip for one in entries("ethernet-1/1.0")] == ["192.0.2.9"]
    assert entries("ethernet-1/2.0") == []


@pytest.mark.parametrize("platform", [*IN_VRF, "nokia_srl"])
@pytest.mark.parametrize("vrf", ["blue; reboot", "blue\nreload", "$(reboot)", "-h"])
def test_the_name_of_a_vrf_is_no_way_to_send_something_else(platform: str, vrf: str) -> None:
    with pytest.raises(ValueError, match="not the name of a VRF"):
        arp_of(platform, vrf)


def test_procurve_says_that_it_has_no_vrfs() -> None:
    with pytest.raises(ValueError, match="no VRFs"):
        arp_of("hp_procurve", "blue")


MACS = {
    "arista_eos": ("Ethernet1", "Port-Channel1"),
    "aruba_aoscx": ("1/1/1", "lag1"),
    "cisco_ios": ("GigabitEthernet1/0/1", "Port-channel1"),
    "cisco_nxos": ("Ethernet1/1", "port-channel1"),
    "huawei_vrp": ("GigabitEthernet0/0/1", "Eth-Trunk1"),
    "juniper_junos": ("ge-0/0/0.0", "ae1.0"),
    "linux": ("swp1", "swp2"),
}


@pytest.mark.parametrize("platform", MACS)
def test_the_mac_table_has_where_an_address_was_seen(platform: str, answers: Recorded) -> None:
    table = {one.mac: one for one in parse(reads_of(platform).macs, platform, answers)}
    learned, configured = MACS[platform]

    moved = {"moves": 2, "last_move": 496.0} if platform == "arista_eos" else {}
    assert table[HOST] == MacEntry(mac=HOST, interface=learned, vlan=10, static=False, **moved)
    assert table[OTHER] == MacEntry(mac=OTHER, interface=configured, vlan=20, static=True)


def test_a_bridge_of_sr_linux_knows_no_vlan(answers: Recorded) -> None:
    learned, configured = parse(reads_of("nokia_srl").macs, "nokia_srl", answers)

    assert (learned.interface, learned.vlan, learned.static) == ("ethernet-1/1.10", 0, False)
    assert configured.static


def test_procurve_shows_what_it_learned(answers: Recorded) -> None:
    learned, other = parse(reads_of("hp_procurve").macs, "hp_procurve", answers)

    assert (learned.mac, learned.interface, learned.vlan, learned.static) == (HOST, "1", 10, False)
    assert (other.interface, other.vlan) == ("Trk1", 20)


VLANS: Mapping[str, tuple[str, ...]] = {
    "arista_eos": ("Ethernet1", "Ethernet2"),
    "aruba_aoscx": ("1/1/1", "1/1/2", "1/1/3", "1/1/5"),
    "cisco_ios": (*(f"GigabitEthernet1/0/{n}" for n in range(1, 5)), "TenGigabitEthernet1/1/1"),
    "cisco_nxos": tuple(f"Ethernet1/{n}" for n in range(1, 6)),
    "hp_procurve": ("1", "2"),
    "huawei_vrp": (*(f"GigabitEthernet0/0/{n}" for n in range(1, 6)), "XGigabitEthernet0/0/1"),
    "juniper_junos": ("ge-0/0/0.0", "ge-0/0/1.0"),
}


@pytest.mark.parametrize("platform", VLANS)
def test_a_vlan_has_its_name_and_its_ports(platform: str, answers: Recorded) -> None:
    vlans = parse(reads_of(platform).vlans, platform, answers)

    assert list(vlans)[:3] == ["1", "10", "20"]
    assert vlans["10"] == Vlan(name="users", interfaces=VLANS[platform])
    assert vlans["20"] == Vlan(name="voice", interfaces=("1",) if platform == "hp_procurve" else ())


def test_a_range_of_vlans_of_a_linux_bridge_is_each_of_them(answers: Recorded) -> None:
    vlans = parse(reads_of("linux").vlans, "linux", answers)

    assert {number: vlan.interfaces for number, vlan in vlans.items()} == {
        "1": ("br0",),
        "10": ("swp1",),
        "20": ("swp1", "swp2"),
        "21": ("swp2",),
    }


BGP_PLATFORMS = ("arista_eos", "cisco_ios", "cisco_nxos", "cisco_xr", "huawei_vrp", "juniper_junos", "nokia_srl")


@pytest.mark.parametrize("platform", BGP_PLATFORMS)
def test_bgp_tells_a_peer_that_is_up_from_one_that_is_shut_down(platform: str, answers: Recorded) -> None:
    bgp = parse(reads_of(platform).bgp, platform, answers)["global"]
    up, down = bgp.peers["192.0.2.2"], bgp.peers["192.0.2.6"]

    assert bgp.router_id == "10.255.0.1"
    assert (up.local_as, up.remote_as, up.is_up, up.is_enabled) == (65001, 65002, True, True)
    assert up.uptime == (-1.0 if platform == "juniper_junos" else DAY + 2 * HOUR)
    assert up.address_family["ipv4"].received_prefixes == 7
    assert (down.is_up, down.is_enabled, down.uptime) == (False, False, -1.0)


@pytest.mark.parametrize("platform", sorted(set(BGP_PLATFORMS) - {"huawei_vrp", "nokia_srl"}))
def test_bgp_over_ipv6_is_told_with_the_rest(platform: str, answers: Recorded) -> None:
    bgp = parse(reads_of(platform).bgp, platform, answers)["global"]

    [peer] = [one for address, one in bgp.peers.items() if address.lower() == "2001:db8:0:1:2:3:4:5"]
    assert (peer.is_up, peer.address_family["ipv6"].received_prefixes) == (True, 2)


@pytest.mark.parametrize("platform", ["arista_eos", "cisco_nxos", "cisco_xr", "juniper_junos"])
def test_bgp_of_a_vrf_stands_under_its_name(platform: str, answers: Recorded) -> None:
    bgp = parse(reads_of(platform).bgp, platform, answers)

    assert list(bgp) == ["global", "blue"]
    assert bgp["blue"].peers["203.0.113.2"].is_up is False


def test_a_peer_of_ios_has_all_its_address_families_and_dotted_as_numbers(answers: Recorded) -> None:
    peers = parse(reads_of("cisco_ios").bgp, "cisco_ios", answers)["global"].peers

    assert {name: one.received_prefixes for name, one in peers["192.0.2.2"].address_family.items()} == {
        "ipv4": 7,
        "vpnv4": 5,
    }
    assert peers["192.0.2.6"].remote_as == 65536 + 1464
    assert peers["192.0.2.10"].is_up


def test_junos_tells_what_a_peer_is_sent(answers: Recorded) -> None:
    peer = parse(reads_of("juniper_junos").bgp, "juniper_junos", answers)["global"].peers["192.0.2.2"]

    assert (peer.description, peer.remote_id) == ("to spine1", "10.255.0.2")
    assert peer.address_family["ipv4"].sent_prefixes == 2


NO_BGP = {
    "cisco_ios": "% BGP not active\n",
    "cisco_xr": "Mon Nov  4 10:00:00.123 UTC\n% BGP instance 'default' not active\n",
    "cisco_nxos": "",
    "huawei_vrp": "",
    "juniper_junos": "BGP is not running\n",
}


@pytest.mark.parametrize("platform", NO_BGP)
def test_a_device_without_bgp_has_an_empty_answer(platform: str) -> None:
    read = reads_of(platform).bgp
    assert read is not None
    outputs = dict.fromkeys(read.commands, NO_BGP[platform])

    assert read.parse(Answers(device="r1", platform=platform, outputs=outputs)) == {}


ROUTE_PLATFORMS = ("arista_eos", "cisco_ios", "cisco_nxos", "cisco_xr", "huawei_vrp", "juniper_junos", "linux")
NO_DISTANCE = {"linux": -1}


@pytest.mark.parametrize("platform", ROUTE_PLATFORMS)
@pytest.mark.parametrize(
    ("query", "prefixes"),
    [
        (RouteQuery(destination="198.51.100.7"), ["198.51.100.0/24"]),
        (RouteQuery(destination="198.51.100.200"), ["198.51.100.128/25"]),
        (RouteQuery(destination="192.0.2.77"), ["192.0.2.0/24"]),
        (RouteQuery(destination="198.51.100.0/24"), ["198.51.100.0/24"]),
        (RouteQuery(destination="198.51.100.0/24", longer=True), ["198.51.100.0/24", "198.51.100.128/25"]),
        (RouteQuery(destination="198.51.100.0/24", protocol="static"), []),
        (RouteQuery(protocol="bgp"), ["198.51.100.0/24", "198.51.100.128/25"]),
        (RouteQuery(destination="8.8.8.8"), ["0.0.0.0/0"]),
        (RouteQuery(destination="8.8.0.0/16"), []),
    ],
)
def test_routes_are_found_by_longest_match_prefix_and_protocol(
    platform: str, query: RouteQuery, prefixes: list[str], answers: Recorded
) -> None:
    assert list(parse(routes_of(platform, query), platform, answers)) == prefixes


@pytest.mark.parametrize("platform", ROUTE_PLATFORMS)
def test_a_route_has_its_next_hop_and_its_distance(platform: str, answers: Recorded) -> None:
    table = parse(routes_of(platform, RouteQuery()), platform, answers)

    bgp, [connected] = table["198.51.100.0/24"][0], table["192.0.2.0/24"]
    assert (bgp.protocol, bgp.next_hop, bgp.preference) == ("bgp", "192.0.2.2", NO_DISTANCE.get(platform, 20))
    assert (connected.protocol, connected.next_hop) == ("connected", "")
    assert connected.outgoing_interface == PORT[platform]
    assert table["203.0.113.0/24"][0].protocol.startswith("ospf")


@pytest.mark.parametrize("platform", ["linux", "huawei_vrp", "juniper_junos"])
def test_a_route_with_several_next_hops_has_several_ways(platform: str, answers: Recorded) -> None:
    ways = parse(routes_of(platform, RouteQuery(destination="203.0.113.5")), platform, answers)

    assert [one.next_hop for one in ways["203.0.113.0/24"]] == ["192.0.2.6", "192.0.2.10"]


def test_junos_tells_used_ways_from_others_and_what_is_discarded(answers: Recorded) -> None:
    table = parse(routes_of("juniper_junos", RouteQuery()), "juniper_junos", answers)

    assert [(one.protocol, one.current_active) for one in table["198.51.100.0/24"]] == [("bgp", True), ("ospf", False)]
    assert [one.selected_next_hop for one in table["203.0.113.0/24"]] == [False, True]
    assert [(one.protocol, one.outgoing_interface) for one in table["203.0.113.128/25"]] == [("static", "")]
    assert [one.next_hop for one in table["2001:db8:0:1:2:3:4:5/128"]] == ["fe80::2"]
    assert table["0.0.0.0/0"][0].age == 3 * DAY + HOUR + 2 * MINUTE + 3


@pytest.mark.parametrize("platform", ["arista_eos", "juniper_junos", "linux"])
def test_routes_of_both_families_are_found(platform: str, answers: Recorded) -> None:
    [route] = parse(routes_of(platform, RouteQuery(destination="2001:db8::7")), platform, answers)["2001:db8::/64"]

    assert isinstance(route, Route)
    assert route.protocol == "connected"


@pytest.mark.parametrize("platform", ROUTE_PLATFORMS)
@pytest.mark.parametrize("query", [RouteQuery(destination="spine1"), RouteQuery(protocol="bgp | delete")])
def test_a_question_that_makes_no_sense_is_not_sent(platform: str, query: RouteQuery) -> None:
    with pytest.raises(ValueError, match=r"spine1|bgp \| delete"):
        routes_of(platform, query)


def tables(platform: str) -> dict[str, Read[Any]]:
    reads = reads_of(platform)
    known: dict[str, Read[Any] | None] = {
        "addresses": reads.addresses,
        "arp": reads.arp and reads.arp(""),
        "macs": reads.macs,
        "vlans": reads.vlans,
        "bgp": reads.bgp,
        "routes": reads.routes and reads.routes(RouteQuery()),
    }
    return {name: read for name, read in known.items() if read is not None}


@pytest.mark.parametrize(("platform", "table"), [(one, table) for one in sorted(PORT) for table in tables(one)])
def test_garbage_is_a_failure_and_never_an_empty_table(platform: str, table: str) -> None:
    read = tables(platform)[table]
    outputs = dict.fromkeys(read.commands, "lorem ipsum\n")

    with pytest.raises(ParseFailed, match="r1"):
        read.parse(Answers(device="r1", platform=platform, outputs=outputs))


EMPTY = {
    ("cisco_ios", "show ip arp"): "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n",
    ("cisco_ios", "show mac address-table"): "          Mac Address Table\n------\n\n"
    "Vlan    Mac Address       Type        Ports\n----    -----------       --------    -----\n",
    ("cisco_ios", "show ip route"): "Default gateway is 192.0.2.254\n\n"
    "Host               Gateway           Last Use    Total Uses  Interface\nICMP redirect cache is empty\n",
    ("cisco_nxos", "show mac address-table"): "Legend:\n        * - primary entry\n"
    "   VLAN     MAC Address      Type      age     Secure NTFY Ports\n---------+-----------------+------\n",
    ("cisco_nxos", "show ip arp"): "IP ARP Table for context default\nTotal number of entries: 0\n"
    "Address         Age       MAC Address     Interface       Flags\n",
    ("cisco_xr", "show arp"): "Mon Nov  4 10:00:00.789 UTC\n\n"
    "Address         Age        Hardware Addr   State      Type  Interface\n",
    ("arista_eos", "show ip arp"): "Address         Age (sec)  Hardware Addr   Interface\n",
    ("juniper_junos", "show arp no-resolve"): "MAC Address       Address         Interface         Flags\n",
    (
        "huawei_vrp",
        "display arp all",
    ): "IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE     INTERFACE   VPN-INSTANCE\n"
    "------------------------------------------------------------------------------\n"
    "Total:0         Dynamic:0       Static:0     Interface:0\n",
    ("juniper_junos", "show bgp neighbor"): "\n{master:0}\n",
    ("hp_procurve", "show arp"): "\n IP ARP table\n\n  IP Address      MAC Address       Type    Port\n"
    "  --------------- ----------------- ------- ----\n",
    ("hp_procurve", "show mac-address"): "\n Status and Counters - Port Address Table\n\n"
    "  MAC Address       Port   VLAN\n  ----------------- ------ ----\n",
    (
        "aruba_aoscx",
        "show arp all-vrfs",
    ): "IPv4 Address     MAC                Port         Physical Port    State    VRF\n"
    "--------------------------------------------------------------------------------------\n",
    ("linux", "ip -s -j -4 neigh show"): "[]\n",
    ("nokia_srl", "info from state interface * subinterface * | as json"): "{}\n",
}


@pytest.mark.parametrize(("platform", "command"), EMPTY)
def test_a_table_without_entries_is_empty_and_no_failure(platform: str, command: str) -> None:
    [read] = [one for one in tables(platform).values() if one.commands == (command,)][-1:]

    answer = read.parse(Answers(device="r1", platform=platform, outputs={command: EMPTY[platform, command]}))

    assert len(answer) == 0


def test_a_table_of_junos_without_routes_is_empty() -> None:
    head = (
        "\n{}: 0 destinations, 0 routes (0 active, 0 holddown, 0 hidden)\n+ = Active Route, - = Last Active, * = Both\n"
    )
    read = routes_of("juniper_junos", RouteQuery())
    outputs = dict(zip(read.commands, [head.format("inet.0"), "\n{master:0}\n"], strict=True))

    assert read.parse(Answers(device="r1", platform="juniper_junos", outputs=outputs)) == {}


def test_xr_that_says_no_more_than_the_time_has_no_addresses() -> None:
    read = reads_of("cisco_xr").addresses
    assert read is not None
    outputs = dict.fromkeys(read.commands, "Mon Nov  4 10:00:00.123 UTC\n")

    assert read.parse(Answers(device="r1", platform="cisco_xr", outputs=outputs)) == {}


def test_nxos_without_neighbours_has_none() -> None:
    read = reads_of("cisco_nxos").neighbors
    assert read is not None
    output = (
        "Capability codes:\n  (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device\n"
        "Device ID            Local Intf      Hold-time  Capability  Port ID\n\nTotal entries displayed: 0\n"
    )

    assert read.parse(Answers(device="r1", platform="cisco_nxos", outputs=dict.fromkeys(read.commands, output))) == {}


def test_json_with_other_text_is_not_taken_for_a_table() -> None:
    with pytest.raises(ParseFailed):
        read_json("r1", "ip -j address show", 'Object "-j" is unknown, try "ip help".\n')
