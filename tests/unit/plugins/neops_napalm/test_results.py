from typing import Any

from napalm.base.models import FactsDict

from neops.devices import Facts
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
