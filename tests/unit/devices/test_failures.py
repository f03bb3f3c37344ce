from __future__ import annotations

import errno
import socket

import pytest

from neops.devices.failures import not_reached


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('192.0.2.1', 22)"), "Connection refused"),
        (OSError(errno.EHOSTUNREACH, "whatever a library says"), "No route to host"),
        (OSError("no address for r1"), "no address for r1"),
        (OSError(), "OSError"),
        (
            socket.gaierror(socket.EAI_NONAME, "Name not known"),
            "the name cannot be resolved (Name not known); check the device's host name or give it an address",
        ),
    ],
)
def test_a_connection_that_is_not_made_is_told_in_words(error: OSError, told: str) -> None:
    assert not_reached(error) == told
