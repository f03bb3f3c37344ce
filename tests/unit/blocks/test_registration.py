from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neops.blocks import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    overrides,
    register_function_block,
)
from neops.errors import RegistrationInvalid

Register = Callable[..., Registration]


class Params(FunctionBlockParams):
    host: str


class Result(FunctionBlockResultData):
    up: bool = True


class Ping(FunctionBlock[Params, Result]):
    """Ask a host whether it is there.

    It sends one packet.
    """

    async def run(self, params: Params, context: WorkflowContext) -> FunctionBlockResult[Result]:
        return FunctionBlockResult(success=True)


@pytest.fixture
def ping(registration: Register) -> Callable[..., Any]:
    """Register the Ping block with some fields different from what fits it."""

    def register(**different: Any) -> Any:
        block = type("Ping", (Ping,), {"__doc__": Ping.__doc__, "__module__": __name__})
        fields = {"param_cls": Params, "result_cls": Result, **different}
        return register_function_block(registration(**fields))(block)

    return register


@pytest.mark.parametrize("version", [(1, 2, 3), "1.2.3"])
def test_the_version_may_be_numbers_or_text(version: Any, ping: Callable[..., Any]) -> None:
    registration = ping(version=version).registration

    assert registration.id == "fb.test.io/probe:1.2.3"
    assert registration.version_numbers == (1, 2, 3)


def test_the_class_docstring_is_the_help_text_unless_one_is_given(ping: Callable[..., Any]) -> None:
    assert ping().registration.help_text == "Ask a host whether it is there.\n\nIt sends one packet."
    assert ping(help_text="# Ping").registration.help_text == "# Ping"


def test_the_schemas_are_those_of_the_models(ping: Callable[..., Any]) -> None:
    registration = ping().registration

    assert registration.parameter_schema()["required"] == ["host"]
    assert registration.result_schema()["additionalProperties"] is False


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("run_on", "router", "run_on 'router' is none of global, device, interface, group, client"),
        ("fb_type", "magic", "fb_type 'magic' is none of configure, facts, check, execute, none"),
        ("version", "1.2", "version '1.2' is not three numbers"),
        ("version", (1, -2, 3), "version (1, -2, 3) is not three numbers"),
        ("version", "1.2.x", "version '1.2.x' is not three numbers"),
        ("version", 1.2, "version 1.2 is not three numbers"),
        ("name", "a/b", "name 'a/b' is empty or holds '/' or ':'"),
        ("package", "", "package '' is empty"),
        (
            "param_cls",
            FunctionBlockParams,
            "param_cls is FunctionBlockParams, the class is FunctionBlock[Params, Result]",
        ),
        ("result_cls", dict, "result_cls dict is no subclass of FunctionBlockResultData"),
        ("reversible", True, "it is registered as reversible and has no rollback method"),
    ],
)
def test_a_contradiction_is_refused_at_import_and_names_the_class(
    field: str, value: Any, problem: str, ping: Callable[..., Any]
) -> None:
    with pytest.raises(RegistrationInvalid) as refused:
        ping(**{field: value})

    assert str(refused.value).startswith("Ping: ")
    assert problem in str(refused.value)


def test_a_method_that_cannot_be_called_is_refused_at_import() -> None:
    with pytest.raises(RegistrationInvalid, match="its run is called with params, context, and does not take that"):

        @register_function_block(
            Registration(
                name="odd",
                package="fb.test.io",
                version="1.0.0",
                description="odd",
                run_on="device",
                fb_type="facts",
                param_cls=FunctionBlockParams,
                result_cls=FunctionBlockResultData,
            )
        )
        class Odd(FunctionBlock[FunctionBlockParams, FunctionBlockResultData]):
            async def run(self, params: FunctionBlockParams) -> Any:  # type: ignore[override]  # the mistake
                return params


def test_all_mistakes_are_told_at_once(ping: Callable[..., Any]) -> None:
    with pytest.raises(RegistrationInvalid, match=r"run_on .*fb_type "):
        ping(run_on="router", fb_type="magic")


def test_a_class_without_run_is_refused(registration: Register) -> None:
    with pytest.raises(RegistrationInvalid, match="it has no run method"):

        @register_function_block(registration())
        class Nothing(FunctionBlock[Any, Any]):
            pass


def test_something_else_than_a_block_is_refused(registration: Register) -> None:
    with pytest.raises(RegistrationInvalid, match="it is no subclass of FunctionBlock"):
        register_function_block(registration())(dict)  # type: ignore[type-var]  # the mistake that is tested


def test_models_declared_by_a_class_between_are_compared_too(ping: Callable[..., Any]) -> None:
    with pytest.raises(RegistrationInvalid, match=r"the class is FunctionBlock\[Params"):
        ping(param_cls=type("Other", (FunctionBlockParams,), {}))


def test_overrides_tells_whose_method_it_is() -> None:
    assert overrides(Ping, "run")
    assert not overrides(Ping, "acquire")
