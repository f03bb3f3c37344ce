"""A shell of which nobody knows the platform, on a channel that a script answers."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from neops_scrapli import unknown
from neops_scrapli.unknown import answer_to, greeting_on


class ScriptedChannel:
    """Says what comes next at each thing that is typed; waits for ever when nothing is left."""

    _base_channel_args = SimpleNamespace(comms_return_char="\n")

    def __init__(self, *says: str) -> None:
        self._says = list(says)
        self._ready: asyncio.Queue[bytes] = asyncio.Queue()
        self.typed: list[str] = []
        self._next()

    def _next(self) -> None:
        if self._says and (text := self._says.pop(0)):
            self._ready.put_nowait(text.encode())

    async def read(self) -> bytes:
        return await self._ready.get()

    def write(self, text: str) -> None:
        self.typed.append(text)
        self._next()

    def send_return(self) -> None:
        self.write("\n")


def channel(*says: str) -> Any:
    return ScriptedChannel(*says)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknown, "QUIET_S", 0.01)
    monkeypatch.setattr(unknown, "PATIENCE_S", 0.02)


async def test_the_prompt_is_the_line_that_comes_back() -> None:
    device = channel("Welcome\nr1#", "\nr1#")

    assert await greeting_on(device) == ("Welcome", "r1#")
    assert device.typed == ["\n"]


async def test_a_frame_around_a_banner_is_no_prompt() -> None:
    device = channel("######\n# keep out #\n######", "\nr1> ", "\nr1> ")

    said, prompt = await greeting_on(device)

    assert prompt == "r1>"
    assert "keep out" in said


async def test_a_device_that_waits_for_a_key_gets_one() -> None:
    device = channel("Press any key to continue", "\nsw1# ", "\nsw1# ")

    assert await greeting_on(device) == ("Press any key to continue", "sw1#")
    assert device.typed == [" ", "\n"]


@pytest.mark.parametrize(
    "question",
    [
        "Change now? [Y/N]:",
        "Current password:",
        "Do you accept the terms (yes/no)?",
        "Selection:",
        "Really?",
        "Continue? [no]",
        "Sure [y]",
    ],
)
async def test_a_question_is_left_alone(question: str) -> None:
    device = channel(f"Welcome\n{question}", "\nnever")

    said, prompt = await greeting_on(device)

    assert (prompt, device.typed) == ("", [])
    assert said.endswith(question)


async def test_a_device_that_stays_silent_has_no_prompt() -> None:
    assert await greeting_on(channel("")) == ("", "")


async def test_an_answer_ends_at_the_prompt_and_not_at_a_line_like_it() -> None:
    device = channel("", "show version\nr1# is what I say\nr10#\nVersion 1\nr1# ")

    prompt, answer = await answer_to(device, command="show version", prompt="r1#")

    assert answer.decode().strip() == "r1# is what I say\nr10#\nVersion 1"
    assert prompt.strip() == b"r1#"


async def test_what_was_still_on_its_way_is_not_the_answer() -> None:
    device = channel("r1#\n", "\nr1# show version\nVersion 1\nr1#")

    _, answer = await answer_to(device, command="show version", prompt="r1#")

    assert answer.decode().strip() == "Version 1"


@pytest.mark.parametrize("pager", ["--More--", " --More-- ", "---- More ----", "---(more)---", "<--- More --->"])
async def test_pages_are_turned(pager: str) -> None:
    device = channel("", f"show version\none\n{pager}", f"          two\n{pager}", "three\nr1#")

    _, answer = await answer_to(device, command="show version", prompt="r1#")

    assert [word for word in ("one", "two", "three") if word in answer.decode()] == ["one", "two", "three"]
    assert device.typed[1:] == [" ", " "]


async def test_a_clock_in_the_prompt_may_go_on() -> None:
    _, answer = await answer_to(
        channel("", "show version\nV1\n[12:03:09] r1>"), command="show version", prompt="[12:03:07] r1>"
    )

    assert answer.decode().strip() == "V1"


async def test_a_device_that_never_ends_is_given_up() -> None:
    device = channel("", *["x" * 50_000 + "\n"] * 10)
    reading = asyncio.create_task(answer_to(device, command="x", prompt="r1#"))
    for _ in range(10):
        device.write("more")

    with pytest.raises(ConnectionAbortedError, match="200,000 bytes and no prompt"):
        await reading
