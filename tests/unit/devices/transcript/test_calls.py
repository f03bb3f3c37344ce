"""Calls as data: arguments by name, answers of the declared types, secrets that may be anything."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from neops.devices import (
    CAPABILITIES,
    BgpInstance,
    BgpPeer,
    CommandOutput,
    Configs,
    ConfirmStrength,
    Facts,
    InterfaceDetails,
    LldpNeighbor,
    Parse,
    Route,
    RunsCommands,
    Ttp,
)
from neops.devices.answers import Answer
from neops.devices.capabilities import methods_of
from neops.devices.changes import ChangePlan, ConfigSession, StagedChange
from neops.devices.transcript.calls import answer_as_json, answer_of, arguments_of, declaration, fits, written
from neops.entities import Secret
from neops.logs import MASK

PLAN = ChangePlan(name="neops-1", config="ntp server 192.0.2.7\n")
PEER = BgpPeer(local_as=65001, remote_as=65002, is_up=True, is_enabled=True)
OUTPUT = CommandOutput(device="r1", command="show clock", output="12:00", elapsed_s=0.1, parsed=[{"time": "12:00"}])


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("get_facts", Facts(hostname="r1", vendor="Acme", model="A", serial_number="1", os_version="1")),
        ("get_interfaces", {"Gi1": InterfaceDetails(is_up=True, is_enabled=True)}),
        ("get_lldp_neighbors", {"Gi1": [LldpNeighbor(hostname="r2", port="Gi2")]}),
        ("get_bgp_neighbors", {"global": BgpInstance(router_id="192.0.2.1", peers={"192.0.2.2": PEER})}),
        ("get_route_to", {"192.0.2.0/24": [Route(protocol="bgp", current_active=True)]}),
        ("get_config", Configs(running="hostname r1\n")),
        ("send_command", OUTPUT),
        ("send_commands", (OUTPUT, OUTPUT)),
        ("confirm_change", None),
        ("commit_change", ConfirmStrength.DEVICE_TIMER),
        ("prepare_change", StagedChange(plan=PLAN, diff="+ntp", before="", lines=("ntp",), atomic=False)),
    ],
)
def test_an_answer_comes_back_as_it_was(method: str, answer: Any) -> None:
    kept, declared = json.loads(json.dumps(answer_as_json(answer))), declaration(method, ())
    assert declared is not None

    again = answer_of(declared, kept, PLAN if method == "prepare_change" else None)

    assert type(again) is type(answer)
    if isinstance(answer, StagedChange):
        assert (again.plan, again.diff, again.before) == (answer.plan, answer.diff, answer.before)
        assert (again.lines, again.atomic, again.confirms) == (answer.lines, answer.atomic, answer.confirms)
    else:
        assert again == answer


def test_every_method_of_a_capability_says_of_what_type_its_answer_is() -> None:
    methods = {method for capability in CAPABILITIES for method in methods_of(capability)} - {"change"}

    for method in methods:
        given = get_type_hints(declaration(method, ()))["return"]
        assert get_origin(given) is Awaitable, method
        TypeAdapter(get_args(given)[0])


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [(("show clock",), {}), ((), {"command": "show clock"}), (("show clock",), {"parse": None})],
)
def test_arguments_are_the_same_however_they_are_given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    assert arguments_of(declaration("send_command", ()), args, kwargs) == {"command": "show clock"}


def test_arguments_that_do_not_fit_are_kept_by_their_place() -> None:
    assert arguments_of(declaration("get_facts", ()), ("what",), {"is": 1}) == {"0": "what", "is": 1}


def test_a_change_is_told_by_what_it_is_and_not_by_its_name() -> None:
    declared = vars(ConfigSession)["commit_change"]
    staged = StagedChange(plan=PLAN, diff="+ntp", before="")

    arguments = arguments_of(declared, (staged, 60.0), {})

    assert arguments == {
        "staged": {"config": "ntp server 192.0.2.7\n", "mode": "merge", "undoes": False},
        "confirm_within": 60.0,
    }


def test_a_function_among_the_arguments_is_told_by_its_name() -> None:
    arguments = arguments_of(declaration("send_command", ()), ("show clock",), {"parse": json.loads})

    assert arguments["parse"] == "json:loads"


@pytest.mark.parametrize(
    ("parse", "told"),
    [
        (str.splitlines, "builtins:str.splitlines"),
        (re.compile("x").search, "builtins:Pattern.search"),
        (Ttp("port {{ port }}"), {"template": "port {{ port }}"}),
    ],
)
def test_whatever_reads_an_output_is_told(parse: Parse, told: Any) -> None:
    assert arguments_of(declaration("send_command", [RunsCommands]), ("show x",), {"parse": parse})["parse"] == told


def test_secrets_and_local_folders_among_the_arguments_are_left_out() -> None:
    declared = declaration("put_file", ())

    arguments = arguments_of(declared, (Path("/home/somebody/image.bin"), "flash:image.bin"), {"who": Secret("x")})
    named = arguments_of(declared, (), {"source": Path("/tmp/image.bin"), "destination": "flash:image.bin"})
    answers = arguments_of(declaration("send_interactive", ()), ("x", [Answer("Password:", Secret("Hunter2!"))]), {})

    assert arguments == {"0": "image.bin", "1": "flash:image.bin", "who": MASK}
    assert named == {"source": "image.bin", "destination": "flash:image.bin"}
    assert "Hunter2!" not in json.dumps(answers)


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (f"username a secret {MASK}\n", "username a secret Hunter2!\n"),
        (f"a {MASK} b {MASK}", "a 1 b 2"),
        (MASK, 4711),
        ({"config": f"x {MASK}", "lines": [MASK]}, {"config": "x y", "lines": ["z"]}),
    ],
)
def test_a_secret_that_was_masked_may_be_any(recorded: Any, asked: Any) -> None:
    assert fits(recorded, asked)


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (f"username a secret {MASK}\n", "username b secret x\n"),
        (f"ab{MASK}ba", "aba"),
        (f"a {MASK} b {MASK} c", "a 1 c"),
        (["a"], ["a", "b"]),
        ({"a": 1}, {"b": 1}),
        ("1", 1),
    ],
)
def test_what_is_not_the_same_does_not_fit(recorded: Any, asked: Any) -> None:
    assert not fits(recorded, asked)


TEXT = st.text().filter(lambda text: "*" not in text)  # beside a mask nobody can tell them apart


@given(TEXT, st.lists(st.tuples(TEXT, st.text(min_size=4)), max_size=4))
def test_masking_parts_of_a_text_leaves_it_fitting(start: str, parts: list[tuple[str, str]]) -> None:
    asked = start + "".join(text + secret for text, secret in parts)
    recorded = start + "".join(text + MASK for text, _ in parts)

    assert fits(recorded, asked)


def test_a_long_configuration_with_many_secrets_is_compared_at_once() -> None:
    recorded = f"username a secret {MASK}\n" * 5_000 + "end"

    assert not fits(recorded, "username a secret x\n" * 5_000)


def test_a_call_reads_as_it_is_written() -> None:
    assert written("send_command", {"command": "show clock", "parse": "json"}) == (
        "send_command(command='show clock', parse='json')"
    )
