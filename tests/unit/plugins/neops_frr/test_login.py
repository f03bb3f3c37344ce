from typing import Any

import pytest

from neops.devices import ConnectionOptions
from neops.errors import ConnectFailed, DeviceError
from neops_frr.login import Answer, FrrExtras, extras_of, kind_of, read, request

HELLO = "\nHello, this is FRRouting (version 8.4.4).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n\n"
PAM = "vtysh_pam: Failed in account validation: Authentication failure(7)"


def answer(stdout: str = "", stderr: str = "", status: int = 0) -> Answer:
    return Answer(stdout=stdout, stderr=stderr, status=status)


def test_a_shell_is_given_the_command_as_one_word() -> None:
    assert request("shell", "sudo vtysh", "show run | include 'x'") == (
        """sudo vtysh -c 'show run | include '"'"'x'"'"''""",
        "",
    )


def test_a_forced_vtysh_reads_the_command_from_its_input() -> None:
    assert request("vtysh", "vtysh", "show version") == ("", "show version\n")


@pytest.mark.parametrize(
    ("dialogue", "expected"),
    [
        ("r2# show clock\n12:00\nr2# \n", "12:00\n"),
        ("r2# \r<ow interface lo json\n{\n}\nr2# \n", "{\n}\n"),
        ("r2# show history\nr2# show version\n  show clock\nr2# \n", "r2# show version\n  show clock\n"),
        ("r2# show nothing\nr2# \n", ""),
        ("r2.example.net# show x\nno line break at the endr2.example.net# \n", "no line break at the end"),
    ],
)
def test_the_answer_is_between_the_echo_and_the_last_prompt(dialogue: str, expected: str) -> None:
    assert read("vtysh", answer(HELLO + dialogue, PAM)) == expected


@pytest.mark.parametrize("kind", ["shell", "vtysh"])
def test_where_there_is_no_output_the_complaint_is_the_answer(kind: Any) -> None:
    stdout = "" if kind == "shell" else f"{HELLO}r2# show isis neighbor\nr2# \n"

    assert read(kind, answer(stdout, f"{PAM}isisd is not running\n", 1)) == "isisd is not running"


@pytest.mark.parametrize(
    ("probe", "kind"),
    [(answer("FRRouting 8.4.4 (r2) on Linux.\n", PAM), "shell"), (answer(f"{HELLO}r2# \n", PAM), "vtysh")],
)
def test_the_kind_of_login_shows_in_the_first_answer(probe: Answer, kind: str) -> None:
    assert kind_of("r2", "192.0.2.2:22", probe) == kind


@pytest.mark.parametrize(
    ("probe", "reason"),
    [
        (answer(stderr="bash: line 1: vtysh: command not found\n", status=127), "command not found"),
        (
            answer(stderr=f"{PAM}Exiting: failed to connect to any daemons.\n", status=1),
            "failed to connect to any daemons",
        ),
        (answer(status=1), "exit status 1"),
    ],
)
def test_a_login_without_vtysh_says_what_to_look_at(probe: Answer, reason: str) -> None:
    with pytest.raises(ConnectFailed, match=rf"r2: 192\.0\.2\.2:22: logged in, .*{reason}.*groups frr and frrvty"):
        kind_of("r2", "192.0.2.2:22", probe)


def test_extras_say_how_vtysh_is_called() -> None:
    options = ConnectionOptions(host="192.0.2.2", platform="frr", extras={"vtysh": "vtysh -N blue", "secret": "x"})

    assert extras_of("r2", options) == FrrExtras(vtysh="vtysh -N blue")


def test_an_extra_of_the_wrong_type_is_named() -> None:
    options = ConnectionOptions(host="192.0.2.2", platform="frr", extras={"vtysh": ["vtysh", "-N"]})

    with pytest.raises(
        DeviceError, match=r"r2: connection_options\.frr\.extras\.vtysh: Input should be a valid string"
    ):
        extras_of("r2", options)
