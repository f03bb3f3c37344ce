"""What a transfer over paramiko that ended early is called."""

from __future__ import annotations

import threading

import paramiko
import pytest
from scp import SCPException

from neops.errors import SessionLost, TransferFailed
from neops_nornir.wires import Line


class Ending(threading.Thread):
    """A connection that has ended its channels, and is about to call itself inactive."""

    def __init__(self) -> None:
        super().__init__(name="connection", daemon=True)
        self.looked_at = threading.Event()
        self._is_active = True

    def run(self) -> None:
        self.looked_at.wait(5)
        self._is_active = False

    def join(self, timeout: float | None = None) -> None:
        self.looked_at.set()
        super().join(timeout)

    def is_active(self) -> bool:
        return self._is_active


@pytest.fixture
def line() -> Line:
    return Line("r1", 1.0)


@pytest.mark.parametrize("said", [EOFError(), OSError("Socket is closed"), SCPException("No response from server")])
async def test_a_connection_that_is_about_to_end_is_a_lost_session(
    line: Line, said: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = Ending()
    ending.start()
    monkeypatch.setattr(paramiko.SSHClient, "get_transport", lambda _: ending)

    def working() -> None:
        raise said

    with pytest.raises(SessionLost, match=r"r1: put image\.bin: "):
        await line.work("put image.bin", working)


async def test_what_the_device_refuses_is_said_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = Ending()
    ending.start()
    monkeypatch.setattr(paramiko.SSHClient, "get_transport", lambda _: ending)

    def working() -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(TransferFailed, match=r"r1: put image\.bin: .*Permission denied"):
        await line.work("put image.bin", working)

    assert not ending.looked_at.is_set()
    ending.join()
