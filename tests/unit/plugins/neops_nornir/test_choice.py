import json
from dataclasses import replace
from typing import Any

import pytest
from netmiko.ssh_dispatcher import CLASS_MAPPER_BASE

from neops.devices import ConnectionOptions, Credentials
from neops.entities import Device, Secret
from neops.errors import ConnectFailed
from neops_nornir import NornirPlugin
from neops_nornir.choice import Choice
from neops_nornir.session import connection_plugin


def choose(entries: dict[str, Any] | None = None, **changes: Any) -> Choice:
    credentials = Credentials(username="ops", password=Secret("s3cret"))
    options = ConnectionOptions(host="192.0.2.1", platform="cisco_ios", credentials=credentials)
    device = Device(
        id=1,
        hostname="r1",
        username="ops",
        password=Secret("s3cret"),
        connection_options=Secret(json.dumps(entries)) if entries else None,
    )
    return Choice.of(device, replace(options, **changes), "cisco_ios")


def test_netmiko_on_port_22_is_the_default() -> None:
    choice = choose()

    assert (choice.connection, choice.hostname, choice.port, choice.platform) == (
        "netmiko",
        "192.0.2.1",
        22,
        "cisco_ios",
    )


def test_the_password_is_an_ordinary_text_that_can_be_formatted() -> None:
    choice = choose()

    assert f"{choice.password}" == "s3cret"
    assert "s3cret" not in repr(choice)


def test_the_entry_of_the_connection_wins_as_in_nornir() -> None:
    entry = {"hostname": "jump", "port": 2222, "platform": "cisco_xe", "username": "nr", "password": "nr"}

    choice = choose({"netmiko": entry})

    assert (choice.hostname, choice.port, choice.platform, choice.username, choice.password) == (
        "jump",
        2222,
        "cisco_xe",
        "nr",
        "nr",
    )


def test_a_credential_from_elsewhere_wins_over_the_entry() -> None:
    vault = Credentials(username="vault", password=Secret("rotated"))

    choice = choose({"netmiko": {"username": "nr", "password": "nr"}}, credentials=vault)

    assert (choice.username, choice.password) == ("vault", "rotated")


def test_extras_of_the_inventory_reach_the_library_and_win_over_defaults() -> None:
    choice = choose({"netmiko": {"extras": {"fast_cli": False, "conn_timeout": 3}}}, extras={"session_log": "r1.log"})

    assert choice.arguments(conn_timeout=15)["extras"] == {
        "conn_timeout": 3,
        "fast_cli": False,
        "session_log": "r1.log",
    }


@pytest.mark.parametrize(
    ("connection", "platform"), [("netmiko", "cisco_ios"), ("scrapli", "cisco_iosxe"), ("napalm", "ios")]
)
def test_another_connection_is_chosen_and_gets_its_own_platform_name(connection: str, platform: str) -> None:
    choice = choose(extras={"connection": connection})

    assert (choice.connection, choice.platform) == (connection, platform)
    assert "connection" not in choice.extras


def test_a_connection_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(ConnectFailed, match=r"r1: Nornir has no connection plugin 'telepathy' \(installed: .*netmiko"):
        connection_plugin("telepathy", "r1")


def test_netmiko_knows_every_device_type_that_the_plugin_names() -> None:
    assert set(NornirPlugin().platforms.values()) - set(CLASS_MAPPER_BASE) == set()
