import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scrapli import AsyncScrapli

from neops.devices import ConnectionOptions, Credentials, HostKeys
from neops.devices.detection import AUTODETECT
from neops.devices.ssh import HostKeyClient
from neops.entities import Secret
from neops_scrapli import ScrapliPlugin
from neops_scrapli.arguments import driver_arguments, with_scrapli_host_keys


def options(**changes: Any) -> ConnectionOptions:
    credentials = Credentials(username="ops", password=Secret("s3cret"))
    plain = ConnectionOptions(host="192.0.2.1", platform="cisco_iosxe", credentials=credentials)
    return replace(plain, **changes)


def arguments(given: ConnectionOptions) -> dict[str, Any]:
    return driver_arguments(given, HostKeyClient("r1", given))


def test_extras_of_the_inventory_win_over_our_defaults() -> None:
    built = arguments(options(extras={"timeout_ops": 5, "comms_return_char": "\r\n"}))

    assert (built["timeout_ops"], built["comms_return_char"]) == (5, "\r\n")


def test_algorithms_of_the_inventory_win_over_ours() -> None:
    extras = {"transport_options": {"asyncssh": {"kex_algs": ["diffie-hellman-group14-sha1"]}}}

    assert arguments(options(extras=extras))["transport_options"]["asyncssh"]["kex_algs"] == [
        "diffie-hellman-group14-sha1"
    ]


@pytest.mark.parametrize(
    ("asked", "used"), [(None, "asyncssh"), ("system", "asyncssh"), ("ssh2", "asyncssh"), ("telnet", "asynctelnet")]
)
def test_a_blocking_transport_of_the_inventory_becomes_the_async_one(asked: str | None, used: str) -> None:
    assert arguments(options(extras={"transport": asked} if asked else {}))["transport"] == used


def test_with_a_password_no_key_of_the_user_is_read_or_offered() -> None:
    assert arguments(options())["transport_options"]["asyncssh"]["client_keys"] is None


def test_without_any_secret_the_agent_is_asked() -> None:
    ssh = arguments(options(credentials=Credentials(username="ops")))["transport_options"]["asyncssh"]

    assert ssh["agent_path"] == ()
    assert "client_keys" not in ssh


def test_the_type_of_the_known_host_key_is_negotiated_first(tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("192.0.2.1 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==\n")

    ssh = arguments(options(host_keys=HostKeys(known_hosts=known)))["transport_options"]["asyncssh"]

    assert ssh["server_host_key_algs"][:4] == ["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa", "ssh-ed25519"]


@pytest.mark.parametrize(("strict", "policy"), [(True, "strict"), (False, "off")])
def test_scraplis_own_argument_about_host_keys_is_our_policy(strict: bool, policy: str) -> None:
    extras = {"auth_strict_key": strict, "ssh_known_hosts_file": "/lab/known_hosts", "timeout_ops": 5}

    changed = with_scrapli_host_keys(options(extras=extras))

    assert (changed.host_keys.policy, changed.host_keys.known_hosts) == (policy, Path("/lab/known_hosts"))
    assert changed.extras == {"timeout_ops": 5}


def test_scrapli_knows_every_platform_that_the_plugin_names() -> None:
    names = set(ScrapliPlugin().platforms.values()) - set(AsyncScrapli.CORE_PLATFORM_MAP) - {"generic", AUTODETECT}

    missing = []
    for name in names:
        vendor, _, system = name.partition("_")
        if not hasattr(importlib.import_module(f"scrapli_community.{vendor}.{system}"), "SCRAPLI_PLATFORM"):
            missing.append(name)

    assert missing == []
