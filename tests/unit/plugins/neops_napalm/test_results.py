from typing import Any

import pytest
from napalm import get_network_driver
from napalm.base import NetworkDriver
from napalm.base.models import FactsDict

from neops.devices import (
    Facts,
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsVlans,
    RunsCommands,
    WritesConfig,
)
from neops_napalm import NapalmPlugin, results

FACTS: dict[str, Any] = {
    "uptime": 151005.57,
    "vendor": "Cisco",
    "os_version": "17.9.4a",
    "serial_number": "FCW2349",
    "model": "C9300-48T",
    "hostname": "sw1",
    "fqdn": "sw1.example.net",
    "interface_list": ["Vlan1", "GigabitEthernet1/0/1"],
}


def test_facts_keep_napalms_keys_and_values() -> None:
    assert results.facts(FACTS).model_dump() == FACTS | {"interface_list": ("Vlan1", "GigabitEthernet1/0/1")}
    assert set(Facts.model_fields) == set(FactsDict.__annotations__)


def test_the_version_is_taken_out_of_the_line_that_ios_prints() -> None:
    line = "Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)"

    assert results.facts(FACTS | {"os_version": line}).os_version == "17.9.4a"


def test_a_domain_that_napalm_does_not_know_is_empty() -> None:
    assert results.facts(FACTS | {"fqdn": "Unknown"}).fqdn == ""


def test_the_first_member_of_a_stack_gives_the_serial_number() -> None:
    assert results.facts(FACTS | {"serial_number": ["A1", "A2"]}).serial_number == "A1"


def interface(**changes: Any) -> dict[str, Any]:
    one = {
        "is_up": True,
        "is_enabled": True,
        "description": "N/A",
        "mac_address": "fa16.3e57.3361",
        "mtu": 1500,
        "speed": 1000.0,
        "last_flapped": -1.0,
    }
    return one | changes


def test_interfaces_have_our_forms() -> None:
    one = results.interfaces({"Gi1": interface()})["Gi1"]

    assert (one.description, one.mac_address, one.speed, one.last_flapped) == ("", "FA:16:3E:57:33:61", 1000.0, -1.0)


def test_a_time_of_day_becomes_seconds_ago() -> None:
    found = {"Gi1": interface(last_flapped=1_700_000_000.0), "Gi2": interface(last_flapped=60.0)}

    interfaces = results.interfaces(found, now=lambda: 1_700_000_090.0)

    assert (interfaces["Gi1"].last_flapped, interfaces["Gi2"].last_flapped) == (90.0, 60.0)


def test_an_interface_without_neighbours_is_left_out() -> None:
    neighbors = results.neighbors({"Gi1": [{"hostname": "sw2", "port": "Gi7"}], "Gi2": []})

    assert [(name, one.hostname, one.port) for name, [one] in neighbors.items()] == [("Gi1", "sw2", "Gi7")]


def test_a_configuration_loses_what_changes_at_every_reading() -> None:
    printed = {"running": "! Last configuration change at 12:00:00 UTC\nhostname sw1\n", "startup": "", "candidate": ""}

    assert results.configs("cisco_ios", printed).running == "hostname sw1\n"


def test_only_drivers_of_napalm_itself_are_named() -> None:
    from napalm import SUPPORTED_DRIVERS

    assert set(NapalmPlugin().platforms.values()) <= set(SUPPORTED_DRIVERS)


def test_addresses_without_a_length_and_interfaces_without_addresses() -> None:
    found: dict[str, Any] = {
        "Loopback0": {"ipv6": {"2001:DB8::1": {"prefix_length": 64}, "FE80::1": {"prefix_length": "N/A"}}},
        "Vlan1": {"ipv4": {}},
    }

    addresses = results.addresses(found)

    assert list(addresses) == ["Loopback0"]
    assert {address: one.prefix_length for address, one in addresses["Loopback0"].ipv6.items()} == {
        "2001:db8::1": 64,
        "fe80::1": -1,
    }


def test_the_age_of_an_arp_entry_is_in_seconds_whatever_the_driver_counts() -> None:
    entries = [
        {"interface": "Vlan1", "mac": "02:00:5E:10:00:09", "ip": "192.0.2.9", "age": age} for age in (12.0, -1.0)
    ]

    assert [one.age for one in results.arp_table("ios", entries)] == [720.0, -1.0]
    assert [one.age for one in results.arp_table("nxos_ssh", entries)] == [12.0, -1.0]


def test_moves_that_a_driver_does_not_know_are_minus_one_and_times_of_day_seconds_ago() -> None:
    known: dict[str, Any] = {
        "mac": "02:00:5E:10:00:09",
        "interface": "Et1",
        "vlan": 10,
        "static": False,
        "active": True,
        "moves": 2,
        "last_move": 1_700_000_000.0,
    }

    first, second = results.mac_table([known, known | {"moves": None, "last_move": None}], now=lambda: 1_700_000_060.0)

    assert (first.moves, first.last_move) == (2, 60.0)
    assert (second.moves, second.last_move) == (-1, -1.0)


def test_vlans_have_their_number_as_text() -> None:
    found = results.vlans({10: {"name": "users", "interfaces": ["Et1"]}})

    assert (found["10"].name, found["10"].interfaces) == ("users", ("Et1",))


def test_bgp_keeps_napalms_keys() -> None:
    prefixes = {"received_prefixes": 7, "accepted_prefixes": 6, "sent_prefixes": 2}
    peer = {
        "local_as": 65001,
        "remote_as": 65002,
        "remote_id": "10.255.0.2",
        "is_up": True,
        "is_enabled": True,
        "description": "to spine1",
        "uptime": 93600,
        "address_family": {"ipv4": prefixes},
    }

    found = results.bgp_neighbors({"global": {"router_id": "10.255.0.1", "peers": {"192.0.2.2": peer}}})

    assert found["global"].model_dump() == {"router_id": "10.255.0.1", "peers": {"192.0.2.2": peer}}


GETTER: dict[type, str] = {
    ReadsFacts: "get_facts",
    ReadsInterfaces: "get_interfaces",
    ReadsAddresses: "get_interfaces_ip",
    ReadsNeighbors: "get_lldp_neighbors",
    ReadsArp: "get_arp_table",
    ReadsMacTable: "get_mac_address_table",
    ReadsVlans: "get_vlans",
    ReadsBgp: "get_bgp_neighbors",
    ReadsConfig: "get_config",
    RunsCommands: "cli",
    WritesConfig: "commit_config",
}


@pytest.mark.parametrize("platform", sorted(NapalmPlugin.platforms))
def test_a_driver_implements_what_the_plugin_says_it_can(platform: str) -> None:
    driver = get_network_driver(NapalmPlugin.platforms[platform])
    promised = {GETTER[capability] for capability in NapalmPlugin().capabilities(platform)}

    assert {name for name in promised if getattr(driver, name) is getattr(NetworkDriver, name)} == set()
