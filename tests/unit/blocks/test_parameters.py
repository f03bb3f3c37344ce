from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, JsonValue, model_validator

from neops.blocks import FunctionBlockParams
from neops.blocks.parameters import ParametersInvalid, lenient_params, strict_params


class Params(FunctionBlockParams):
    site: str
    vlan: Annotated[int, Field(ge=1, le=4094)] = 10
    note: str | None = "none given"
    peer: str = Field(alias="peerName")

    @model_validator(mode="after")
    def _differ(self) -> Params:
        if self.site.lower() == self.peer.lower():
            raise ValueError("site and peer are the same")
        return self


def lenient(**given: Any) -> Params:
    return lenient_params(Params, given, "fb.test.io/probe:1.0.0")


def test_what_is_known_has_its_type_and_what_is_not_is_none() -> None:
    params = lenient(vlan="20", peerName="b")

    assert vars(params) == {"site": None, "vlan": 20, "note": "none given", "peer": "b"}
    assert params.unresolved == ("site",)
    assert isinstance(params, Params)


def test_a_null_means_not_known_unless_the_parameter_may_be_null() -> None:
    params = lenient(site=None, vlan=None, note=None, peerName="b")

    assert vars(params) == {"site": None, "vlan": 10, "note": None, "peer": "b"}
    assert params.unresolved == ("site", "vlan")


def test_with_all_known_it_is_the_model_itself() -> None:
    params = lenient(site="a", peerName="b")

    assert params.unresolved == ()
    assert params == Params(site="a", peerName="b")


def test_a_value_that_does_not_fit_is_refused_early() -> None:
    with pytest.raises(ParametersInvalid, match="vlan: Input should be less than or equal to 4094"):
        lenient(vlan=5000)


def test_the_models_own_validators_hold_where_the_block_runs() -> None:
    with pytest.raises(ParametersInvalid, match=r"probe:1\.0\.0: site and peer are the same"):
        strict_params(Params, {"site": "a", "peerName": "A"}, "fb.test.io/probe:1.0.0")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ParametersInvalid, match=r"site: Field required; vlan: .*; peerName: Field required"):
        strict_params(Params, {"vlan": 0}, "fb.test.io/probe:1.0.0")


@pytest.mark.parametrize("name", ["peerName", "site"])
def test_declared_names_are_not_warned_about(name: str, caplog: pytest.LogCaptureFixture) -> None:
    strict_params(Params, {"site": "a", "peerName": "b"}, "fb.test.io/probe:1.0.0")

    assert caplog.records == []


class Several(FunctionBlockParams):
    command: Annotated[str, Field(min_length=1)] | list[Annotated[str, Field(min_length=1)]]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "command: String should have at least 1 character"),
        (["a", ""], "command.1: String should have at least 1 character"),
        (5, "command: Input should be a valid string; command: Input should be a valid list"),
    ],
)
def test_of_several_allowed_types_the_one_that_was_meant_is_told(given: JsonValue, told: str) -> None:
    with pytest.raises(ParametersInvalid) as refused:
        strict_params(Several, {"command": given}, "b")

    assert str(refused.value) == f"parameters of b: {told}"
