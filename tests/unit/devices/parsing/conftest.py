from collections.abc import Callable
from pathlib import Path

import pytest

from neops.devices.parsing import Answers

DATA = Path(__file__).parent / "data"
REPLACED = str.maketrans({" ": "_", "/": "_"})


@pytest.fixture
def answers() -> Callable[..., Answers]:
    """The recorded answers of a platform to some commands, from data/."""

    def read(platform: str, *commands: str) -> Answers:
        outputs = {command: _file(platform, command).read_text(encoding="utf-8") for command in commands}
        return Answers(device="r1", platform=platform, outputs=outputs)

    return read


def _file(platform: str, command: str) -> Path:
    plain = command.removeprefix("PATH=$PATH:/usr/sbin:/sbin ")
    return DATA / platform / f"{plain.replace('|', 'pipe').replace('*', 'all').translate(REPLACED)}.txt"
