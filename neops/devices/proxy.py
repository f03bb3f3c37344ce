"""What `connect` returns: a device that has the methods of the capability that was asked, and no others."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from neops.concurrency import current_deadline
from neops.devices.answers import Answer
from neops.devices.calls import Operation
from neops.devices.capabilities import CAPABILITIES, methods_of
from neops.devices.changes.conversation import Conversation
from neops.devices.changes.handle import BlockingChange, DeviceChange
from neops.devices.changes.staging import CANDIDATE_PREFIX, ChangePlan
from neops.devices.config_change import ChangeMode
from neops.devices.logins import Route
from neops.entities import Secret

CHANGE: Final = "change"
"""The method that gives a transaction instead of an answer."""

H = TypeVar("H", DeviceChange, BlockingChange)


class Caller(Protocol):
    """Runs operations; the runtime."""

    def call(self, operation: Operation) -> Awaitable[Any]:
        """The operation's answer, awaitable in any event loop."""
        ...

    def call_blocking(self, operation: Operation) -> Any:
        """The operation's answer, in a thread without an event loop."""
        ...

    def converse(self, operation: Operation, plan: ChangePlan) -> Conversation:
        """Begin a change of configuration."""
        ...


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What a proxy stands for: which route answers each method, and on whose behalf it is called.

    `learn` takes the secrets that a call hands over, before the device is told: it may print them.
    """

    device: str
    platform: str | None
    capability: str
    methods: Mapping[str, Route]
    job: str | None
    caller: Caller
    learn: Callable[[str], None]

    def operation(self, method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Operation:
        for secret in _secrets_in(args, kwargs):
            self.learn(secret)
        route = self.methods[method]
        return Operation(route=route, method=method, args=args, kwargs=kwargs, job=self.job, until=current_deadline())

    def begin_change(self, config: str, mode: ChangeMode) -> Conversation:
        """Begin a change, in a lane of its own: the device can be read while it is made."""
        route = self.methods[CHANGE]
        operation = Operation(
            route=replace(route, key=replace(route.key, changing=True)),
            method=CHANGE,
            job=self.job,
            until=current_deadline(),
        )
        plan = ChangePlan(name=f"{CANDIDATE_PREFIX}{secrets.token_hex(4)}", config=config, mode=mode)
        return self.caller.converse(operation, plan)

    def missing(self, method: str) -> AttributeError:
        having = [capability.__name__ for capability in CAPABILITIES if method in methods_of(capability)]
        hint = f"{having[0]} has: ask for both" if having else f"it has {', '.join(sorted(self.methods))}"
        return AttributeError(f"{self.capability} has no {method} (device {self.device}); {hint}")

    def __str__(self) -> str:
        plugins = " + ".join(sorted({route.plugin.name for route in self.methods.values()}))
        return f"{self.capability} on {self.device} ({self.platform}) through {plugins}"


class _Proxy(ABC):
    """Has the methods of its binding, looked up one by one."""

    __slots__ = ("_binding",)

    def __init__(self, binding: Binding) -> None:
        self._binding = binding

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._binding.methods:
            raise self._binding.missing(name)
        return self._method(name)

    @abstractmethod
    def _method(self, name: str) -> Callable[..., Any]: ...

    def __dir__(self) -> list[str]:
        return sorted(self._binding.methods)

    def __repr__(self) -> str:
        return f"<{self._binding}>"


class DeviceProxy(_Proxy):
    """A device, typed as a capability. It logs in at the first call; calls can be awaited in any event loop."""

    __slots__ = ()

    def _method(self, name: str) -> Callable[..., Any]:
        binding = self._binding
        if name == CHANGE:
            return partial(_changing, DeviceChange, binding)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await binding.caller.call(binding.operation(name, args, kwargs))

        return call


class BlockingDevice(_Proxy):
    """The same for code without an event loop: methods return the answer itself."""

    __slots__ = ()

    def _method(self, name: str) -> Callable[..., Any]:
        binding = self._binding
        if name == CHANGE:
            return partial(_changing, BlockingChange, binding)
        return lambda *args, **kwargs: binding.caller.call_blocking(binding.operation(name, args, kwargs))

    def __repr__(self) -> str:
        return f"<blocking {self._binding}>"


def _secrets_in(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[str]:
    """Arguments that are secrets, and hidden answers."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Secret):
            yield value
        elif isinstance(value, list | tuple):
            yield from (one.text for one in value if isinstance(one, Answer) and one.hidden)


def _changing(handle: type[H], binding: Binding, config: str, *, mode: ChangeMode = "merge") -> H:
    return handle(partial(binding.begin_change, config, mode))
