from __future__ import annotations

import errno
import io
import logging
from collections.abc import Iterator

import pytest

from neops.logs import Redactor, configure_logging


class FullDisk(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def test_a_log_that_has_no_room_is_told_in_one_line_however_much_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(logging.INFO, stream=FullDisk(), redactor=Redactor())

    for _ in range(3):
        logging.getLogger("neops.test").info("said")

    assert capsys.readouterr().err == "neops: log lines are lost: No space left on device\n"
