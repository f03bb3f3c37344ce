"""Dialogues with a session that plays a device's lines: no network, no library."""

from __future__ import annotations

from collections import deque

import pytest
from pydantic import ValidationError

from neops.devices.acting import DialogueSession
from neops.devices.acting.dialogue import _QUESTION, Said
from neops.devices.acting.reboots import REBOOTS
from neops.devices.answers import Answer
from neops.devices.transcript.calls import as_json
from neops.entities import Device, Platform, Secret
from neops.errors import DialogueFailed, OperationTimedOut, SessionLost, UsageError


class Scripted(DialogueSession):
    """Prints the next piece of its script at each reading; `typed` is what it was told. None hangs up."""

    def __init__(self, *script: str | None, prompt: str = "r1#", platform: str = "cisco_ios") -> None:
        super().__init__(device=Device(id=1, hostname="r1", platform=Platform(short_name=platform)), platform=platform)
        self._script = deque(script)
        self.typed: list[str] = []
        self.aborted = False
        self.settled_at(prompt)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def abort(self) -> None:
        self.aborted = True

    async def alive(self) -> bool:
        return not self.aborted

    async def exchange(self, command: str) -> str:
        raise AssertionError(command)

    async def type_line(self, text: str, *, hidden: bool = False) -> None:
        self.typed.append(f"hidden {text}" if hidden else text)

    async def read_text(self, within_s: float) -> str:
        del within_s
        piece = self._script.popleft() if self._script else ""
        if piece is None:
            raise SessionLost("r1", "hung up")
        return piece


async def test_answers_are_typed_in_their_order_and_the_echo_is_left_out() -> None:
    session = Scripted("copy a b\r\n", "Source [a]? ", "\r\nOver", "write? ", "\r\n5 bytes copied\r\nr1#")

    answer = await session.send_interactive("copy a b", [Answer("Source"), Answer("Overwrite", "y")])

    assert session.typed == ["copy a b", "", "y"]
    assert answer.output == "Source [a]? \nOverwrite? \n5 bytes copied"


async def test_a_command_of_two_lines_is_not_sent() -> None:
    session = Scripted("r1#")

    with pytest.raises(UsageError, match="not one line of text"):
        await session.send_interactive("clear counters\nreload", [])
    assert session.typed == []


async def test_a_line_that_only_mentions_the_question_is_no_question() -> None:
    session = Scripted("x\r\nSave? is asked next\r\nSave? [yes/no]: ", "yes\r\nr1#")

    await session.send_interactive("x", [Answer(r"Save\?", "yes")])

    assert session.typed == ["x", "yes"]


async def test_a_second_prompt_of_the_login_ends_nothing() -> None:
    session = Scripted("\r\nr1#", "\r\nr1#copy a", " b\r\nOverwrite? ", "y\r\ndone\r\nr1#")

    answer = await session.send_interactive("copy a b", [Answer("Overwrite", "y")])

    assert session.typed == ["copy a b", "y"]
    assert answer.output == "Overwrite? y\ndone"


async def test_a_device_that_does_not_echo_is_heard_all_the_same() -> None:
    session = Scripted("\r\nOverwrite? ", "", "\r\ndone\r\nr1#")

    answer = await session.send_interactive("copy a b", [Answer("Overwrite", "y")])

    assert answer.output == "Overwrite? \ndone"


async def test_the_prompt_of_another_mode_ends_a_dialogue() -> None:
    session = Scripted("enable\r\nPassword: ", "\r\nr1(config-if)#")

    await session.send_interactive("enable", [Answer("Password", Secret("hush"))])

    assert session.typed == ["enable", "hidden hush"]
    with pytest.raises(SessionLost, match="left the prompt"):
        await session.reset()


@pytest.mark.parametrize(
    ("prompt", "line", "is_one"),
    [
        ("neops@r1:~$", "neops@r1:/tmp$", True),
        ("neops@r1:~$", "root@r1:~#", True),
        ("neops@r1>", "neops@r1#", True),
        ("[~r1]", "[*r1-GE1/0/1]", True),
        ("<r1>", "[r1]", True),
        ("RP/0/RP0/CPU0:r1#", "RP/0/RP0/CPU0:r1(config)#", True),
        ("RP/0/RP0/CPU0:r1#", "RP/0/RP0/CPU0:other#", False),
        ("A:r1#", "A:r2#", False),
        ("r1#", "Proceed with reload of r1? [confirm]", False),
        ("r1#", "Destination filename [r1]", False),
        ("r1#", "r1 is up", False),
    ],
)
def test_a_prompt_is_known_by_the_name_in_it(prompt: str, line: str, is_one: bool) -> None:
    assert Scripted(prompt=prompt).at_prompt(line) is is_one


async def test_the_prompt_of_a_device_that_was_renamed_ends_a_dialogue() -> None:
    session = Scripted("write memory\r\n[OK]\r\nr2#", *[""] * 100)
    session.now_at("r2(config)#")

    answer = await session.send_interactive("write memory", [])

    assert answer.output == "[OK]"


async def test_an_upgraded_device_is_rebooted_although_it_asks_about_its_saved_configuration() -> None:
    commands = REBOOTS["cisco_ios"]
    session = Scripted(
        "reload\r\nSystem configuration has been modified. Save? [yes/no]: ",
        "yes\r\nBuilding configuration...\r\nOverwrite the previous NVRAM configuration?[confirm]",
        "\r\n[OK]\r\nProceed with reload? [confirm]",
        None,
    )

    await session.converse("reload", commands.answers(commands.asks, save=True))

    assert session.typed == ["reload", "yes", "", ""]


async def test_an_echoed_secret_is_masked() -> None:
    session = Scripted("login\r\nPassword: ", "hush-hush\r\nwelcome hush-hush\r\nr1#")

    answer = await session.send_interactive("login", [Answer("Password", "hush-hush", hidden=True)])

    assert "hush-hush" not in answer.output
    assert "welcome ********" in answer.output


async def test_a_session_that_cannot_be_brought_back_to_its_prompt_is_closed() -> None:
    session = Scripted("x\r\nSure? ", "", "", None)

    with pytest.raises(DialogueFailed, match=r"'x' asked something that has no answer: 'Sure\?'; it said: Sure\?"):
        await session.send_interactive("x", [])
    assert session.aborted


async def test_silence_without_a_question_ends_at_the_deadline() -> None:
    session = Scripted("x\r\nworking", *[""] * 10_000)

    with pytest.raises(OperationTimedOut, match=r"no prompt within 0\.01 s after 'x': 'working'"):
        await session.send_interactive("x", [], within_s=0.01)
    assert session.aborted


async def test_a_device_may_hang_up_after_an_answer_that_ends_the_dialogue() -> None:
    session = Scripted("reload\r\nSure? ", "\r\nbye", None)

    answer = await session.send_interactive("reload", [Answer("Sure", "y", ends=True)])

    assert answer.output.endswith("bye")


async def test_a_device_that_hangs_up_before_is_lost() -> None:
    session = Scripted("reload\r\n", None)

    with pytest.raises(SessionLost):
        await session.send_interactive("reload", [Answer("Sure", "y", ends=True)])


@pytest.mark.parametrize(
    ("arguments", "problem"), [(("(",), "not a regular expression"), (("q", "two\nlines"), "one line")]
)
def test_an_answer_that_cannot_be_is_refused(arguments: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Answer(*arguments)


def test_a_hidden_answer_is_masked_in_every_form() -> None:
    answer = Answer("Password", Secret("hush-hush"))

    assert answer.hidden
    assert "hush-hush" not in f"{answer!r} {answer} {answer.model_dump()} {answer.model_dump_json()}"
    assert "hush-hush" not in str(as_json([answer]))  # what a transcript keeps
    assert Answer("Sure", "yes").model_dump()["text"] == "yes"


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("Proceed with reload? [confirm]", True),
        ("System configuration has been modified. Save? [yes/no]:", True),
        ("This command will reboot the system. (y/n)?  [n]", True),
        ("Reboot the system ? [yes,no] (no)", True),
        ("Destination filename [startup-config]?", True),
        ("[sudo] password for neops:", True),
        ("Continue?[Y/N]:", True),
        ("Computing checksum:", False),
        ("[##########          ] 50%", False),
        ("Copied 3 files (12 bytes)", False),
    ],
)
def test_a_question_is_told_from_work_in_progress(line: str, asks: bool) -> None:
    assert bool(_QUESTION.search(line)) is asks


def test_what_was_said_leaves_echo_and_prompt_out() -> None:
    said = Said()
    said.heard("show clock\r\n12:00\r\nr1#")
    said.prompt = "r1#"

    assert said.text("show clock") == "12:00"
