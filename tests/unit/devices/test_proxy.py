"""What an author holds in his hands: the methods he asked for, and help when he asks for another."""

from __future__ import annotations

import copy
from typing import Any, Protocol

import pytest

from neops.devices import ReadsFacts, RunsCommands


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
