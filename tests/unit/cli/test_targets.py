"""Devices named on a command line, and those of an inventory."""

from __future__ import annotations

import json

import pytest

from neops.cli.hosts import named_devices
from neops.cli.targets import inventory_devices
from neops.entities import EntityBatch, NewDevice, NewGroup, Secret
from neops.errors import QueryInvalid, UsageError


@pytest.mark.parametrize(
    ("host", "address", "port"),
    [
        ("r1", "r1", None),
        ("192.0.2.1", "192.0.2.1", None),
        ("r1.example.net:2222", "r1.example.net", 2222),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:db8::1]:2222", "2001:db8::1", 2222),
        ("[2001:db8::1]", "2001:db8::1", None),
    ],
)
def test_a_host_may_have_a_port(host: str, address: str, port: int | None) -> None:
    (device,) = named_devices([host], "ops")

    assert (device.name, device.ip, device.port, device.username) == (host, address, port, "ops")


@pytest.mark.parametrize("host", ["", "a:b", "a:0", "a:65536", "ops@r1", "r1/24", "a b", "[r1]:22"])
def test_what_is_no_host_is_wrong_usage(host: str) -> None:
    with pytest.raises(UsageError, match="write a host name or an address"):
        named_devices([host])


def test_a_host_that_is_named_twice_is_one_device() -> None:
    assert [device.id for device in named_devices(["r1", "r2", "r1"])] == [1, 2]


BATCH = EntityBatch(
    devices=(
        NewDevice(hostname="r1", ip="192.0.2.1", groups=["site"], platform="frr"),
        NewDevice(hostname="r2", ip="192.0.2.2", groups=["site"], password=Secret("own")),
    ),
    groups=(
        NewGroup(
            name="site",
            username="ops",
            password=Secret("shared"),
            connection_options=Secret(json.dumps({"neops": {"port": 2222}})),
        ),
    ),
)


def test_devices_of_an_inventory_have_what_they_inherit_secrets_included() -> None:
    first, second = inventory_devices(BATCH)

    assert (first.name, first.platform_name, second.platform_name) == ("r1", "frr", None)
    assert [device.username for device in (first, second)] == ["ops", "ops"]
    assert [device.password.reveal() for device in (first, second) if device.password] == ["shared", "own"]
    assert json.loads(second.connection_options or "") == {"neops": {"port": 2222}}


def test_an_inventory_can_be_limited() -> None:
    assert [device.name for device in inventory_devices(BATCH, "hostname:r2")] == ["r2"]
    with pytest.raises(QueryInvalid):
        inventory_devices(BATCH, "hostname:(")
