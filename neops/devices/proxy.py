"""What `connect` returns: a device that has the methods of the capability that was asked, and no others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from neops.concurrency import current_deadline
from neops.devices.capabilities import CAPABILITIES, methods_of
from neops.devices.lanes import Operation
from neops.devices.logins import Route


class Caller(Protocol):
    """Runs operations; the runtime."""

    def call(self, operation: Operation) -> Awaitable[Any]:
        """The operation's answer, awaitable in any event loop."""
        ...

    def call_blocking(self, operation: Operation) -> Any:
        """The operation's answer, in a thread without an event loop."""
        ...


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What a proxy stands for: which route answers each method, and on whose behalf it is called."""

    device: str
    platform: str | None
    capability: str
    methods: Mapping[str, Route]
    job: str | None
    caller: Caller

    def operation(self, method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Operation:
        route = self.methods[method]
        return Operation(route=route, method=method, args=args, kwargs=kwargs, job=self.job, until=current_deadline())

    def missing(self, method: str) -> AttributeError:
        having = [capability.__name__ for capability in CAPABILITIES if method in methods_of(capability)]
        hint = f"{having[0]} has: ask for both" if having else f"it has {', '.join(sorted(self.methods))}"
        return AttributeError(f"{self.capability} has no {method} (device {self.device}); {hint}")

    def __str__(self) -> str:
        plugins = " + ".join(sorted({route.plugin.name for route in self.methods.values()}))
        return f"{self.capability} on {self.device} ({self.platform}) through {plugins}"


class DeviceProxy:
    """A device, typed as a capability. It logs in at the first call; calls can be awaited in any event loop."""

    __slots__ = ("_binding",)

    def __init__(self, binding: Binding) -> None:
        self._binding = binding

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        binding = self._binding
        if name not in binding.methods:
            raise binding.missing(name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await binding.caller.call(binding.operation(name, args, kwargs))

        return call

    def __dir__(self) -> list[str]:
        return sorted(self._binding.methods)

    def __repr__(self) -> str:
        return f"<{self._binding}>"


class BlockingDevice:
    """The same for code without an event loop: methods return the answer itself."""

    __slots__ = ("_binding",)

    def __init__(self, binding: Binding) -> None:
        self._binding = binding

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        binding = self._binding
        if name not in binding.methods:
            raise binding.missing(name)
        return lambda *args, **kwargs: binding.caller.call_blocking(binding.operation(name, args, kwargs))

    def __dir__(self) -> list[str]:
        return sorted(self._binding.methods)

    def __repr__(self) -> str:
        return f"<blocking {self._binding}>"
