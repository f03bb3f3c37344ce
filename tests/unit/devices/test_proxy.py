"""What an author holds in his hands: the methods he asked for, and help when he asks for another."""

from __future__ import annotations

import copy
from typing import Any, Protocol

import pytest

from neops.devices import Answer, DeviceRuntime, Interacts, PluginCatalogue, ReadsFacts, RunsCommands
from neops.entities import Secret
from neops.logs import MASK, Redactor
from neops.testing import FakePlugin


class Audit(ReadsFacts, RunsCommands, Protocol): ...


def test_a_proxy_shows_what_it_stands_for(make_runtime: Any, device: Any) -> None:
    router = make_runtime().connect(device("r1"), Audit)

    assert repr(router) == "<Audit on r1 (cisco_ios) through fake>"
    assert dir(router) == ["get_facts", "send_command", "send_commands"]


def test_a_method_of_another_capability_is_refused_with_its_name(make_runtime: Any, device: Any) -> None:
    router: Any = make_runtime().connect(device("r1"), ReadsFacts)

    with pytest.raises(AttributeError) as caught:
        _ = router.send_command

    assert str(caught.value) == "ReadsFacts has no send_command (device r1); RunsCommands has: ask for both"


def test_a_method_that_does_not_exist_is_refused_with_those_that_do(make_runtime: Any, device: Any) -> None:
    router: Any = make_runtime().connect_blocking(device("r1"), ReadsFacts)

    with pytest.raises(AttributeError, match=r"ReadsFacts has no get_fact \(device r1\); it has get_facts"):
        _ = router.get_fact


async def test_a_wrong_call_is_the_callers_own_error(make_runtime: Any, device: Any) -> None:
    router: Any = make_runtime().connect(device("r1"), RunsCommands)

    with pytest.raises(TypeError, match="unexpected keyword argument 'comand'"):
        await router.send_command(comand="show version")


def test_a_proxy_is_not_mistaken_for_something_else(make_runtime: Any, device: Any) -> None:
    router = make_runtime().connect(device("r1"), ReadsFacts)

    assert not hasattr(router, "__iter__")
    assert not hasattr(router, "_private")
    assert repr(copy.copy(router)) == repr(router)


async def test_what_is_handed_over_as_a_secret_is_masked_when_the_device_prints_it(device: Any) -> None:
    redactor, plugin = Redactor(), FakePlugin({"send_interactive": "ok"})
    with DeviceRuntime(catalogue=PluginCatalogue.of(plugin), redactor=redactor) as runtime:
        router = runtime.connect(device("r1"), Interacts)
        answers = [Answer("[Pp]assword", "hidden-77", hidden=True), Answer("Token", Secret("secret-88"))]
        await router.send_interactive("enable", [*answers, Answer("File", "backup.cfg")])

    assert redactor.redact("hidden-77 secret-88 backup.cfg") == f"{MASK} {MASK} backup.cfg"
