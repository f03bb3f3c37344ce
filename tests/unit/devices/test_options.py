"""What sessions are told, and where each value comes from."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.devices import ConnectionOptions
from neops.devices.options import DeviceOptions
from neops.entities import Device, Secret
from neops.errors import DeviceError
from neops.logs import Redactor
from neops.settings import DeviceSettings


@pytest.fixture
def options_of(device: Any, fake_plugin: Any) -> Any:
    def work_out(options: Any = None, settings: DeviceSettings | None = None, **fields: Any) -> ConnectionOptions:
        read = DeviceOptions.read(device(options=options, **fields), settings or DeviceSettings())
        return read.for_plugin(fake_plugin())

    return work_out


def test_a_plain_device_is_reached_with_its_own_fields_and_the_settings(options_of: Any) -> None:
    settings = DeviceSettings(connect_timeout_s=3, command_timeout_s=7, host_keys="strict", known_hosts=Path("/k"))

    options = options_of(settings=settings, port=2222)

    assert (options.host, options.port, options.platform) == ("192.0.2.1", 2222, "ios")
    assert (options.credentials.username, options.credentials.password) == ("admin", "secret-1")
    assert (options.connect_timeout_s, options.command_timeout_s) == (3, 7)
    assert (options.host_keys.policy, options.host_keys.known_hosts) == ("strict", Path("/k"))


def test_the_plugins_entry_wins_over_the_common_one_and_that_over_the_device(options_of: Any) -> None:
    options = options_of(
        {
            "fake": {"port": 1001, "username": "own", "platform": "xe", "extras": {"transport": "ssh2"}},
            "neops": {"port": 1002, "hostname": "10.9.9.9", "password": "common", "extras": {"connect_timeout": 2}},
            "other": {"port": 1003, "hostname": "unused"},
        }
    )

    assert (options.host, options.port, options.platform) == ("10.9.9.9", 1001, "xe")
    assert (options.credentials.username, options.credentials.password) == ("own", "common")
    assert options.connect_timeout_s == 2
    assert dict(options.extras) == {"transport": "ssh2"}


@pytest.mark.parametrize(
    ("options", "port"),
    [({}, 830), ({"neops": {"port": 2222}}, 830), ({"fake": {"port": 22}}, 22), ({"fake": {"port": 2830}}, 2830)],
)
def test_a_plugin_that_leaves_the_command_line_alone_is_not_told_its_port(
    options: Any, port: int, device: Any, fake_plugin: Any
) -> None:
    plugin = fake_plugin()
    plugin.ports = {"cisco_ios": 830}

    read = DeviceOptions.read(device(options=options, port=22), DeviceSettings())

    assert read.for_plugin(plugin).port == port


def test_a_null_is_inherited(options_of: Any) -> None:
    assert options_of({"fake": {"port": None, "username": None, "extras": None}}, port=22).port == 22


def test_a_device_without_an_address_is_reached_by_its_name(options_of: Any) -> None:
    assert options_of(ip=None).host == "r1"


@pytest.mark.parametrize(
    "options",
    [
        {"netmiko": {"extras": {"secret": "s3cret"}}},
        {"scrapli": {"extras": {"auth_secondary": "s3cret"}}},
        {"napalm": {"extras": {"optional_args": {"secret": "s3cret"}}}},
        {"neops": {"extras": {"enable_secret": "s3cret"}}, "netmiko": {"extras": {"secret": "other"}}},
        {"fake": {"extras": {"secret": "s3cret"}}, "netmiko": {"extras": {"secret": "other"}}},
    ],
)
def test_an_enable_secret_is_found_wherever_its_library_wants_it(options: Any, options_of: Any) -> None:
    assert options_of(options).credentials.enable_secret.reveal() == "s3cret"


def test_a_private_key_is_found_as_well(options_of: Any) -> None:
    options = options_of({"scrapli": {"extras": {"auth_private_key": "/keys/r1"}}})

    assert options.credentials.private_key == Path("/keys/r1")


def test_a_passphrase_is_found_with_it(options_of: Any) -> None:
    options = options_of({"netmiko": {"extras": {"key_file": "~/r1", "passphrase": "open sesame"}}})

    assert options.credentials.private_key == Path.home() / "r1"
    assert options.credentials.passphrase.reveal() == "open sesame"


@pytest.mark.parametrize(
    ("written", "host", "port", "user"),
    [
        ("bastion", "bastion", None, None),
        ("ops@bastion:2222", "bastion", 2222, "ops"),
        ("ops@[2001:db8::1]:2222", "2001:db8::1", 2222, "ops"),
        ({"host": "bastion", "username": "ops", "port": 2222}, "bastion", 2222, "ops"),
    ],
)
def test_a_jump_host_is_written_as_for_ssh_or_with_its_fields(
    written: Any, host: str, port: int | None, user: str | None, options_of: Any
) -> None:
    (hop,) = options_of({"neops": {"extras": {"jump_hosts": [written]}}}).jump_hosts

    assert (hop.host, hop.port, hop.credentials.username) == (host, port, user)


def test_jump_hosts_of_the_device_win_over_those_of_the_settings_also_when_there_are_none(options_of: Any) -> None:
    settings = DeviceSettings.load({"NEOPS_JUMP_HOSTS": "ops@outer, inner:2222"})

    assert [str(hop) for hop in options_of(settings=settings).jump_hosts] == ["ops@outer", "inner:2222"]
    assert options_of({"neops": {"extras": {"jump_hosts": []}}}, settings).jump_hosts == ()


def test_an_ssh_config_file_counts_where_the_device_does_not_name_its_jump_hosts(options_of: Any) -> None:
    scrapli = {"extras": {"ssh_config_file": "/etc/ssh/lab"}}

    assert options_of({"scrapli": scrapli}).ssh_config_file == Path("/etc/ssh/lab")
    assert options_of({"scrapli": scrapli, "neops": {"extras": {"jump_hosts": []}}}).ssh_config_file is None


def test_signs_of_life_can_be_switched_off_for_one_device(options_of: Any) -> None:
    assert options_of().keepalive_s == 30
    assert options_of({"neops": {"extras": {"keepalive": 0}}}).keepalive_s == 0


def test_errors_name_the_way_without_its_secrets(options_of: Any) -> None:
    hop = {"host": "bastion", "username": "ops", "password": "pa55word"}

    options = options_of({"neops": {"extras": {"jump_hosts": [hop, "inner"]}}}, port=2222)

    assert options.place == "192.0.2.1:2222 via ops@bastion, inner"
    assert "pa55word" not in repr(options)


def test_no_secret_shows_in_what_a_session_is_told(options_of: Any) -> None:
    options = options_of({"fake": {"password": "pa55word", "extras": {"secret": "s3cret"}}})

    assert "pa55word" not in repr(options)
    assert "s3cret" not in repr(options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("{not json", "r1: connection_options is not JSON"),
        ("[]", "r1: connection_options is not a JSON object"),
        ({"fake": {"port": "abc"}}, "r1: connection_options.fake.port: "),
        ({"fake": 7}, "r1: connection_options.fake: "),
        (
            {"neops": {"extras": {"conect_timeout": 3}}},
            "r1: connection_options.neops.extras.conect_timeout: there is no",
        ),
        ({"neops": {"plugins": ["napalm"]}}, "r1: connection_options.neops: Value error, plugins belongs"),
        ({"neops": {"extras": {"host_keys": "never"}}}, "r1: connection_options.neops.extras.host_keys: "),
        ({"neops": {"extras": {"jump_hosts": ["a:b:c"]}}}, "r1: connection_options.neops.extras.jump_hosts.0: "),
        ({"neops": {"extras": {"jump_hosts": [{}]}}}, "r1: connection_options.neops.extras.jump_hosts.0.host: "),
        (
            {"fake": {"password": 22334455}},
            "r1: connection_options.fake.password: Input should be a valid string: put it in quotes",
        ),
        (
            {"napalm": {"extras": {"optional_args": {"secret": 22334455}}}},
            "r1: connection_options: optional_args.secret in extras is a number: put it in quotes",
        ),
    ],
)
def test_a_mistake_is_named_by_device_and_key(options: Any, problem: str, options_of: Any) -> None:
    with pytest.raises(DeviceError) as caught:
        options_of(options)

    assert str(caught.value).startswith(problem)


def test_a_mistake_does_not_show_the_value_that_may_be_a_secret(options_of: Any) -> None:
    with pytest.raises(DeviceError) as caught:
        options_of({"fake": {"password": ["pa55word"]}})

    assert "pa55word" not in str(caught.value)
    assert Redactor().redact(str(caught.value)) == str(caught.value)


def test_preferred_plugins_are_the_devices_then_those_of_the_settings(device: Any) -> None:
    wishes = device(options={"neops": {"extras": {"plugins": ["napalm"]}}})

    options = DeviceOptions.read(wishes, DeviceSettings(plugins=("scrapli",)))

    assert options.preferred_plugins == ("napalm", "scrapli")


def test_the_common_entry_may_correct_the_platform(device: Any) -> None:
    options = DeviceOptions.read(device(options={"neops": {"platform": "arista_eos"}}), DeviceSettings())

    assert options.platform == "arista_eos"


@given(st.text())
def test_any_text_is_read_or_refused_in_one_way(text: str) -> None:
    device = Device(id=1, hostname="r1", connection_options=Secret(text))
    with contextlib.suppress(DeviceError):
        DeviceOptions.read(device, DeviceSettings())
