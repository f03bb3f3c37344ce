from __future__ import annotations

import json
from typing import Any

import pytest
from nornir.core import Nornir
from nornir.core.filter import F
from nornir.core.inventory import Host

from neops.entities import Device, Inherited, Secret
from neops.errors import DeviceError
from neops.testing.entities import make_device, make_groups
from neops_cms_inventory import to_inventory
from neops_cms_inventory.platforms import platform_for


def hosts(*devices: dict[str, Any], groups: list[dict[str, Any]] | None = None) -> dict[str, Host]:
    made = [make_device(one, number) for number, one in enumerate(devices, start=1)]
    return to_inventory(made, make_groups(groups or [])).hosts


def test_a_host_has_what_its_device_has() -> None:
    device = {
        "hostname": "r1",
        "ip": "192.0.2.1",
        "port": 2222,
        "username": "admin",
        "password": "hunter2",
        "facts": {"role": "core"},
        "model": "C9300",
        "connection_options": json.dumps({"netmiko": {"extras": {"secret": "up"}}}),
    }

    host = hosts(device)["r1"]

    assert (host.hostname, host.port, host.username, host.platform) == ("192.0.2.1", 2222, "admin", "cisco_ios")
    assert host.data == {"role": "core", "model": "C9300"}
    assert host.get_connection_parameters("netmiko").extras == {"secret": "up"}
    assert isinstance(getattr(host, "device", None), Device)


def test_a_fact_stands_before_a_field_of_the_same_name() -> None:
    assert hosts({"facts": {"vendor": "ours"}, "vendor": "Cisco"})["r1"]["vendor"] == "ours"


@pytest.mark.parametrize(
    ("platform", "connection", "expected"),
    [
        ("cisco_ios", "netmiko", "cisco_ios"),
        ("cisco_ios", "napalm", "ios"),
        ("cisco_ios", "scrapli", "cisco_iosxe"),
        ("ios", "scrapli", "cisco_iosxe"),
        ("eos", "neops", "arista_eos"),
        ("eos", "netmiko", "arista_eos"),
        ("nokia_srl", "scrapli_netconf", "nokia_srlinux"),
        ("cisco_ios", "a plugin of their own", "cisco_ios"),
        ("no-such-os", "napalm", "no-such-os"),
    ],
)
def test_each_connection_plugin_is_told_its_own_name_of_the_platform(
    platform: str, connection: str, expected: str
) -> None:
    assert platform_for(connection, platform) == expected
    assert hosts({"platform": platform})["r1"].get_connection_parameters(connection).platform == expected


def test_a_platform_that_the_inventory_gives_for_a_plugin_is_left_alone() -> None:
    options = json.dumps({"napalm": {"platform": "cisco_ios"}})

    assert hosts({"connection_options": options})["r1"].get_connection_parameters("napalm").platform == "cisco_ios"


def test_a_device_without_an_address_is_reached_by_its_name() -> None:
    host = hosts({"hostname": "r1.example.net", "ip": None})["r1.example.net"]

    assert host.hostname is None
    assert host.get_connection_parameters("netmiko").hostname == "r1.example.net"


def test_passwords_show_nowhere_but_reach_the_plugin_as_plain_text() -> None:
    options = Secret(json.dumps({"napalm": {"password": "other"}}))
    inventory = to_inventory([make_device({"password": "hunter2", "connection_options": options})])

    host = inventory.hosts["r1"]
    assert "hunter2" not in repr(inventory.dict())
    assert "other" not in repr(inventory.dict())
    assert host.password == "hunter2"
    assert repr(host.get_connection_parameters("netmiko").password) == "'hunter2'"
    assert repr(host.get_connection_parameters("napalm").password) == "'other'"


def test_a_broken_entry_costs_its_own_host_only() -> None:
    r1, r2 = hosts({"connection_options": "{"}, {}).values()

    assert r2.get_connection_parameters("netmiko").platform == "cisco_ios"
    with pytest.raises(DeviceError, match=r"^r1: connection_options cannot be read"):
        r1.get_connection_parameters("netmiko")


def test_what_a_group_gives_stands_at_the_group_and_the_rest_at_the_defaults() -> None:
    inherited = Inherited(facts=["tier", "domain"])
    device = {"facts": {"role": "x", "tier": 1, "domain": "example.net"}, "inherited": inherited, "groups": [{"id": 1}]}
    inventory = to_inventory([make_device(device)], make_groups([{"name": "core", "facts": {"tier": 1}}]))

    host = inventory.hosts["r1"]
    assert host.data == {"role": "x"}
    assert inventory.groups["core"].data == {"tier": 1}
    assert inventory.defaults.data == {"domain": "example.net"}
    assert dict(host.items()) == {"role": "x", "tier": 1, "domain": "example.net"}


def test_a_fact_that_the_block_changed_is_the_hosts() -> None:
    device = {"facts": {"tier": 2}, "inherited": Inherited(facts=["tier"]), "groups": [{"id": 1}]}

    assert hosts(device, groups=[{"name": "core", "facts": {"tier": 1}}])["r1"]["tier"] == 2


def test_filters_of_nornir_find_hosts_by_group_and_data() -> None:
    groups: list[dict[str, Any]] = [{"name": "core", "parents": [{"name": "zurich"}]}, {"name": "edge"}]
    devices = [
        make_device({"groups": [{"id": 1}], "facts": {"site": {"rack": 4}}}, 1),
        make_device({"groups": [{"id": 2}]}, 2),
        make_device({"groups": [{"id": 9, "name": "not in the context"}], "platform": "arista_eos"}, 3),
    ]
    nr = Nornir(inventory=to_inventory(devices, make_groups(groups)))

    assert list(nr.filter(F(groups__contains="core")).inventory.hosts) == ["r1"]
    assert list(nr.filter(F(has_parent_group="zurich")).inventory.hosts) == ["r1"]
    assert list(nr.filter(F(groups__contains="not in the context")).inventory.hosts) == ["r3"]
    assert list(nr.filter(F(site__rack__ge=4) | F(platform="arista_eos")).inventory.hosts) == ["r1", "r3"]
    assert list(nr.filter(platform="cisco_ios").inventory.hosts) == ["r1", "r2"]


def test_devices_of_one_name_are_two_hosts() -> None:
    assert list(hosts({"hostname": "r"}, {"hostname": "r"})) == ["r", "device 2"]
