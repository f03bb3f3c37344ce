"""Whether a jump host is logged in to, as its runtime decides it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from neops.entities import Device

Contact = Callable[[], AbstractContextManager[None]]
"""`with contact():` around the part of a login in which the jump host is asked: how that ends is learnt from."""


class Gate(Protocol):
    """Lets logins at jump hosts through."""

    def through(self, jump_host: Device, via: tuple[str, ...], *, urgent: bool) -> AbstractAsyncContextManager[Contact]:
        """One login, with `via` the jump hosts before it; an urgent one is not held off.

        Raises:
            ConnectFailed: it is not to be tried (now).
        """
        ...


class OpenGate:
    """Lets everybody through."""

    @asynccontextmanager
    async def through(self, jump_host: Device, via: tuple[str, ...], *, urgent: bool) -> AsyncIterator[Contact]:
        del jump_host, via, urgent
        yield nullcontext
