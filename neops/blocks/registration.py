"""What a block declares about itself, checked against its class when the class is defined."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_origin

from neops.blocks.block import BlockClass, FunctionBlock
from neops.blocks.models import FunctionBlockParams, FunctionBlockResultData
from neops.entities import EntityType
from neops.errors import RegistrationInvalid

Version: TypeAlias = tuple[int, int, int]
RunOn: TypeAlias = EntityType | Literal["global", "device", "interface", "group", "client"]


class FunctionBlockType(StrEnum):
    """What a block is for."""

    CONFIGURE = "configure"
    FACTS = "facts"
    CHECK = "check"
    EXECUTE = "execute"
    NONE = "none"


BlockType: TypeAlias = FunctionBlockType | Literal["configure", "facts", "check", "execute", "none"]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What a block is called, what it runs on and how safe it is to run again.

    `version` is `(1, 2, 3)` or `"1.2.3"`. `is_pure`: it changes nothing in the network (entities do not count).
    `is_idempotent`: running it twice is the same as once. `reversible`: `rollback` undoes it. `help_text` is
    Markdown for people; left out, the class's docstring is taken.
    """

    name: str
    package: str
    version: Version | str
    description: str
    run_on: RunOn
    fb_type: BlockType
    param_cls: type[FunctionBlockParams]
    result_cls: type[FunctionBlockResultData]
    is_pure: bool = False
    is_idempotent: bool = False
    reversible: bool = False
    deprecated: bool = False
    help_text: str | None = None

    @property
    def version_numbers(self) -> Version:
        """Major, minor and patch.

        Raises:
            ValueError: the version is neither three numbers nor `"1.2.3"`.
        """
        return _version(self.version)

    @property
    def id(self) -> str:
        """`package/name:1.2.3`, the form that workflows and jobs refer to blocks by."""
        return f"{self.package}/{self.name}:{'.'.join(str(number) for number in self.version_numbers)}"

    def parameter_schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters."""
        return self.param_cls.model_json_schema(by_alias=True, mode="validation")

    def result_schema(self) -> dict[str, Any]:
        """JSON Schema of the result data."""
        return self.result_cls.model_json_schema(by_alias=True, mode="serialization")


B = TypeVar("B", bound=FunctionBlock[Any, Any])


def register_function_block(registration: Registration) -> Callable[[type[B]], type[B]]:
    """Attach a registration to a block class; discovery offers the class to the engine under it.

    Importing a module with blocks anywhere else has no effect.

    Raises:
        RegistrationInvalid: the registration contradicts the class; the message names the class and all mistakes.
    """

    def attach(block: type[B]) -> type[B]:
        if not issubclass(block, FunctionBlock):
            raise RegistrationInvalid(f"{block.__qualname__}: it is no subclass of FunctionBlock")
        if problems := list(_problems(block, registration)):
            raise RegistrationInvalid(f"{block.__qualname__}: {'; '.join(problems)}")
        block.registration = dataclasses.replace(
            registration,
            version=registration.version_numbers,
            run_on=EntityType(registration.run_on),
            fb_type=FunctionBlockType(registration.fb_type),
            help_text=registration.help_text or inspect.cleandoc(block.__doc__ or ""),
        )
        if (record := _recorder.get()) is not None:
            record(block)
        return block

    return attach


_recorder: ContextVar[Callable[[BlockClass], object] | None] = ContextVar("neops_block_recorder", default=None)


@contextmanager
def recording(record: Callable[[BlockClass], object]) -> Iterator[None]:
    """Call `record` for every block that is registered inside."""
    token = _recorder.set(record)
    try:
        yield
    finally:
        _recorder.reset(token)


def overrides(block: BlockClass, method: Literal["acquire", "run", "rollback"]) -> bool:
    """Whether the block brings a method of its own."""
    return getattr(block, method) is not getattr(FunctionBlock, method)


def _version(given: object) -> Version:
    parts = tuple(given.split(".")) if isinstance(given, str) else given if isinstance(given, tuple | list) else ()
    numbers = tuple(int(part) for part in parts if str(part).isdecimal())
    if len(parts) != 3 or len(numbers) != 3:
        raise ValueError(f"version {given!r} is not three numbers such as (1, 0, 0)")
    return (numbers[0], numbers[1], numbers[2])


def _problems(block: BlockClass, registration: Registration) -> Iterator[str]:
    for label in ("package", "name"):
        text = getattr(registration, label)
        if not text or "/" in text or ":" in text:
            yield f"{label} {text!r} is empty or holds '/' or ':'"
    try:
        _version(registration.version)
    except ValueError as error:
        yield str(error)
    yield from _not_one_of("run_on", registration.run_on, EntityType)
    yield from _not_one_of("fb_type", registration.fb_type, FunctionBlockType)
    yield from _model_problems(block, registration)
    if not overrides(block, "run"):
        yield "it has no run method"
    if registration.reversible and not overrides(block, "rollback"):
        yield "it is registered as reversible and has no rollback method"
    for method, arguments in _CALLED_WITH.items():
        if not _takes(getattr(block, method), ("self", *arguments)):
            yield f"its {method} is called with {', '.join(arguments)}, and does not take that"


_CALLED_WITH = {"acquire": ("params",), "run": ("params", "context"), "rollback": ("params", "context")}


def _takes(method: Callable[..., Any], arguments: Sequence[str]) -> bool:
    try:
        inspect.signature(method).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _not_one_of(field: str, given: str, allowed: type[StrEnum]) -> Iterator[str]:
    known = [str(member) for member in allowed]
    if given not in known:
        yield f"{field} {given!r} is none of {', '.join(known)}"


def _model_problems(block: BlockClass, registration: Registration) -> Iterator[str]:
    declared = _type_arguments(block)
    wanted = (("param_cls", FunctionBlockParams), ("result_cls", FunctionBlockResultData))
    for (field, base), generic in zip(wanted, declared, strict=True):
        given = getattr(registration, field)
        if not (isinstance(given, type) and issubclass(given, base)):
            yield f"{field} {getattr(given, '__name__', repr(given))} is no subclass of {base.__name__}"
        elif isinstance(generic, type) and generic not in (given, base):
            yield f"{field} is {given.__name__}, the class is FunctionBlock[{_shown(declared)}]"


def _shown(arguments: tuple[Any, Any]) -> str:
    return ", ".join(argument.__name__ if isinstance(argument, type) else "..." for argument in arguments)


def _type_arguments(block: BlockClass) -> tuple[Any, Any]:
    """Params and result class in `FunctionBlock[params, result]`; None where the class leaves them open."""
    bases = [base for cls in block.__mro__ for base in cls.__dict__.get("__orig_bases__", ())]
    for base in bases:
        origin, arguments = get_origin(base), get_args(base)
        if isinstance(origin, type) and issubclass(origin, FunctionBlock):
            params, result = (*arguments, None, None)[:2]
            return params, result
    return None, None
