"""What devices print besides the table that one expects: nothing to show, nothing configured, odd neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from neops.devices import LldpNeighbor
from neops.devices.parsing import Answers, Read, reads_of
from neops.errors import ParseFailed


def parse(platform: str, getter: str, *texts: str) -> Any:
    """A getter's result out of the answers to its commands; those that are not given are blank."""
    found = getattr(reads_of(platform), getter)
    read: Read[Any] = found("") if callable(found) else found
    outputs = dict(zip(read.commands, (*texts, *[""] * len(read.commands)), strict=False))
    return read.of(Answers(device="r1", platform=platform, outputs=outputs))


TIME = "Thu Nov 21 10:00:00.000 UTC\n"
NOT_NEEDED = "warning: {} subsystem not running - not needed by configuration.\n\n{{master:0}}"
NOTHING = {
    ("arista_eos", "neighbors"): (
        "Interface Ethernet1 detected 0 LLDP neighbors:\n\nInterface Ethernet2 detected 0 LLDP neighbors:\n",
        "% LLDP is not enabled",
    ),
    ("aruba_aoscx", "arp"): ("No ARP entries found.",),
    ("aruba_aoscx", "macs"): ("No MAC entries found.",),
    ("cisco_ios", "neighbors"): ("% LLDP is not enabled", "\nTotal entries displayed: 0\n"),
    ("cisco_nxos", "neighbors"): ("Capability codes:\n  (R) Router\n\nTotal entries displayed: 0\n",),
    ("cisco_xr", "neighbors"): (
        f"{TIME}% LLDP is not enabled",
        f"{TIME}Capability codes:\n\nTotal entries displayed: 0",
    ),
    ("huawei_vrp", "neighbors"): ("Info: Global LLDP is not enabled.", "Error: Global LLDP is not enabled."),
    ("juniper_junos", "neighbors"): ("\n{master:0}", NOT_NEEDED.format("lldp")),
    ("juniper_junos", "bgp"): (NOT_NEEDED.format("bgp"), "BGP is not running\n\n{primary:node0}"),
    ("juniper_junos", "macs"): (NOT_NEEDED.format("l2-learning"),),
    ("juniper_junos", "arp"): ("Total entries: 0\n\n{master:0}",),
    ("nokia_srl", "neighbors"): ("", "{\n}\n"),
    ("nokia_srl", "macs"): ("",),
    ("nokia_srl", "addresses"): ("",),
}


@pytest.mark.parametrize(
    ("platform", "getter", "text"), [(*where, text) for where, texts in NOTHING.items() for text in texts]
)
def test_a_device_that_says_that_there_is_nothing_is_believed(platform: str, getter: str, text: str) -> None:
    assert not parse(platform, getter, text)


@pytest.mark.parametrize("platform", ["arista_eos", "cisco_nxos", "cisco_xr", "juniper_junos"])
def test_a_text_about_something_else_is_no_empty_table(platform: str) -> None:
    with pytest.raises(ParseFailed):
        parse(platform, "neighbors", "the quick brown fox\njumps over the lazy dog\n")


def test_eos_without_bgp_says_so_although_json_was_asked() -> None:
    version = '{"bootupTimestamp": 1.0, "uptime": 2.0}'

    assert parse("arista_eos", "bgp", version, "% BGP inactive", "% BGP inactive") == {}


EOS = """\
Interface Ethernet1 detected 2 LLDP neighbors:

  Neighbor 0200.5e10.0009/"Ethernet7", age 12 seconds
  Discovered 1 day ago
  - Chassis ID type: MAC address (4)
    Chassis ID     : 0200.5e10.0009
  - System Name: "spine1.example.net"

  Neighbor 0200.5e10.000a/0200.5e10.000a, age 3 seconds
  - Port ID type: MAC address(3)

Interface Ethernet2 detected 0 LLDP neighbors:

Interface Management1 detected 1 LLDP neighbors:

  Neighbor "bmc 7"/"port 1", age 3 seconds
"""
NXOS = """\
Capability codes:
  (R) Router, (B) Bridge
Device ID            Local Intf      Hold-time  Capability  Port ID

Chassis id: 0200.5e10.0009
Port id: Ethernet7
Local Port id: Eth1/1
Port Description: to leaf
System Name: IP phone 7
System Description: a phone
of two lines
Time remaining: 91 seconds
Management Address: not advertised
Vlan ID: not advertised


Chassis id: 0200.5e10.000a
Port id: 0200.5e10.000a
Local Port id: mgmt0
Port Description: not advertised
System Name: not advertised
Total entries displayed: 2
"""
XR = f"""\
{TIME}Capability codes:
        (R) Router, (B) Bridge

------------------------------------------------
Local Interface: GigabitEthernet0/0/0/0
Chassis id: 0200.5e10.0009
Port id: Ethernet7
Port Description - not advertised
System Name: spine1

System Description:
An operating system

Time remaining: 117 seconds

------------------------------------------------
Local Interface: GigabitEthernet0/0/0/1
Parent Interface: Bundle-Ether1
Chassis id: access-7
Port id: 7
System Name - not advertised

Total entries displayed: 2
"""
JUNOS = """\
Local Interface    Parent Interface    Chassis Id          Port info          System Name
ge-0/0/0           -                   02:00:5e:10:00:09   to leaf 7          spine1.example.net
xe-0/0/1           ae7                 02:00:5e:10:00:0a   GigabitEthernet1/0/24 access1
ge-0/0/2           -                   02:00:5e:10:00:0b   02:00:5e:10:00:0b

{master:0}
"""
WITHOUT_PARENTS = """\
Local Interface    Chassis Id        Port info     System Name
ge-0/0/0.0         02:00:5e:10:00:09 ge-1/0/0.0    spine1
"""


@pytest.mark.parametrize(
    ("platform", "text", "expected"),
    [
        (
            "arista_eos",
            EOS,
            {
                "Ethernet1": [("spine1.example.net", "Ethernet7"), ("0200.5e10.000a", "0200.5e10.000a")],
                "Management1": [("bmc 7", "port 1")],
            },
        ),
        (
            "cisco_nxos",
            NXOS,
            {"Ethernet1/1": [("IP phone 7", "Ethernet7")], "mgmt0": [("0200.5e10.000a", "0200.5e10.000a")]},
        ),
        (
            "cisco_xr",
            XR,
            {"GigabitEthernet0/0/0/0": [("spine1", "Ethernet7")], "GigabitEthernet0/0/0/1": [("access-7", "7")]},
        ),
        (
            "juniper_junos",
            JUNOS,
            {
                "ge-0/0/0": [("spine1.example.net", "to leaf 7")],
                "xe-0/0/1": [("access1", "GigabitEthernet1/0/24")],
                "ge-0/0/2": [("02:00:5e:10:00:0b", "02:00:5e:10:00:0b")],
            },
        ),
        ("juniper_junos", WITHOUT_PARENTS, {"ge-0/0/0.0": [("spine1", "ge-1/0/0.0")]}),
    ],
)
def test_a_neighbour_that_tells_no_name_or_one_of_several_words_is_one_all_the_same(
    platform: str, text: str, expected: dict[str, list[tuple[str, str]]]
) -> None:
    assert parse(platform, "neighbors", text) == {
        interface: [LldpNeighbor(hostname=hostname, port=port) for hostname, port in seen]
        for interface, seen in expected.items()
    }


def test_a_bgp_peer_may_be_a_link_local_address() -> None:
    ios = """\
For address family: IPv6 Unicast
BGP router identifier 192.0.2.1, local AS number 65001

Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd
FE80::2%GigabitEthernet1
                4        65002      10      10        3    0    0 00:05:00        4
"""
    junos = """\
Peer: fe80::2%ge-0/0/0.0+179 AS 65002 Local: fe80::1%ge-0/0/0.0+53211 AS 65001
  Group: unnumbered            Routing-Instance: master
  Type: External    State: Established    Flags: <Sync>
  Peer ID: 192.0.2.2       Local ID: 192.0.2.1         Active Holdtime: 90
"""

    [peer] = parse("cisco_ios", "bgp", ios)["global"].peers.items()
    assert (peer[0], peer[1].is_up, peer[1].address_family["ipv6"].received_prefixes) == (
        *("FE80::2%GigabitEthernet1", True),
        4,
    )
    assert list(parse("juniper_junos", "bgp", junos)["global"].peers) == ["fe80::2%ge-0/0/0.0"]


def test_a_host_whose_name_nobody_resolves_has_its_own(answers: Any) -> None:
    read = reads_of("linux").facts
    assert read is not None
    recorded = answers("linux", *read.commands).outputs
    outputs = {**recorded, "hostname -f": "hostname: Name or service not known", "uname -n": "web7\n"}

    facts = read.of(Answers(device="r1", platform="linux", outputs=outputs))

    assert (facts.hostname, facts.fqdn) == ("web7", "")


def test_what_the_other_switch_of_a_pair_has_learned_is_no_static_address() -> None:
    eos = """\
Vlan    Mac Address       Type        Ports      Moves   Last Move
----    -----------       ----        -----      -----   ---------
  10    0200.5e10.0009    DYNAMIC     Et1        1       0:00:10 ago
  10    0200.5e10.000a    PEERDYNAMIC Po10       1       0:00:10 ago
  10    0200.5e10.000b    STATIC      Cpu
"""
    nexus = """\
   VLAN     MAC Address      Type      age     Secure NTFY Ports
---------+-----------------+--------+---------+------+----+------------------
*   10     0200.5e10.0009   dynamic  0         F      F    Po10
+   10     0200.5e10.000a   dynamic  0         F      F    vPC Peer-Link
G    -     0200.5e10.000b   static   -         F      F    sup-eth1(R)
"""

    assert [(one.interface, one.static) for one in parse("arista_eos", "macs", eos)] == [
        *(("Ethernet1", False), ("Port-Channel10", False)),
        ("Cpu", True),
    ]
    assert [(one.interface, one.static) for one in parse("cisco_nxos", "macs", nexus)] == [
        *(("port-channel10", False), ("vPC Peer-Link", False)),
        ("sup-eth1(R)", True),
    ]


def test_a_dynamic_vlan_of_eos_is_one() -> None:
    text = """\
VLAN  Name                             Status    Ports
----- -------------------------------- --------- -------------------------------
1     default                          active    Et1, Et3/1
                                                 Et49/1
20*   VLAN0020                         active    Cpu, Et1

* indicates a Dynamic VLAN
"""

    vlans = parse("arista_eos", "vlans", text)

    assert {number: vlan.interfaces for number, vlan in vlans.items()} == {
        "1": ("Ethernet1", "Ethernet3/1", "Ethernet49/1"),
        "20": ("Cpu", "Ethernet1"),
    }
