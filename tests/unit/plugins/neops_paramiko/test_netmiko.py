from pathlib import Path
from typing import Any

import pytest

from neops.devices import HostKeys
from neops_paramiko.netmiko import asked_host_keys

OURS = HostKeys(policy="accept-new", known_hosts=Path("/etc/neops/known_hosts"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, OURS),
        ({"ssh_strict": False}, OURS),
        ({"ssh_strict": True}, HostKeys(policy="strict", known_hosts=OURS.known_hosts)),
        ({"ssh_strict": True, "system_host_keys": True}, HostKeys(policy="strict", known_hosts=None)),
        (
            {"alt_host_keys": True, "alt_key_file": "/lab/known_hosts"},
            HostKeys(policy="accept-new", known_hosts=Path("/lab/known_hosts")),
        ),
    ],
)
def test_netmikos_own_arguments_are_our_policy(arguments: dict[str, Any], expected: HostKeys) -> None:
    assert asked_host_keys(arguments, OURS) == expected
