"""What the author of a credential provider writes, and how it is asked: bounded in time, and not twice in a row."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, runtime_checkable

from neops.concurrency import Clock
from neops.devices.credentials.blocking import BlockingLookUps
from neops.devices.plugin import Credentials
from neops.entities import Device, Secret
from neops.errors import CredentialsUnavailable

TIDY_AT: Final = 4096
"""Answers that are kept before the old ones are looked for."""


@runtime_checkable
class CredentialProvider(Protocol):
    """Knows credentials for devices: an inventory, the environment, a vault.

    Register a callable that takes the environment and returns the provider under the entry-point group
    `neops.credentials`, most simply the class itself; `NEOPS_CREDENTIALS` says which are asked, and in which order.
    """

    @property
    def name(self) -> str:
        """The name of the entry point; shown in errors, so that an operator knows where a credential came from."""
        ...

    def credentials(self, device: Device, known: Credentials, /) -> Awaitable[Credentials | None] | Credentials | None:
        """What to try on this device, None for nothing. `known` is what the device itself and its options say.

        A jump host is asked about, too: as a device of the platform `jump_host`.

        Write `async def`, or a plain `def` that may block: that one is called in a thread. Either may take
        `NEOPS_CREDENTIAL_TIMEOUT`, and its answer is used for `NEOPS_CREDENTIAL_CACHE`, or until the device refuses it.
        Whatever it raises fails the login with a message that names the provider: put no secret into it.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a provider said, and whether that is from an earlier login."""

    credentials: Credentials | None
    earlier: bool = False


@dataclass(frozen=True, kw_only=True)
class _Kept:
    answer: Answer
    until: float


class LookUps:
    """Asks providers. Answers are kept for `keep_s`. Lives in the runtime's loop."""

    def __init__(self, *, limit_s: float = 10.0, keep_s: float = 60.0, clock: Clock = time.monotonic) -> None:
        self._limit_s, self._keep_s, self._clock = limit_s, keep_s, clock
        self._kept: dict[tuple[object, ...], _Kept] = {}
        self._blocking: dict[str, BlockingLookUps] = {}
        self._tidy_at = TIDY_AT

    async def ask(self, provider: CredentialProvider, device: Device, known: Credentials) -> Answer:
        """What the provider has for this device.

        Raises:
            CredentialsUnavailable: it failed, or took too long; the message names it.
        """
        key = _key(provider, device, known)
        kept, now = self._kept.get(key), self._clock()
        if kept is not None and now < kept.until:
            return kept.answer
        answer = await self._answer(provider, device, known)
        self._tidy(now)
        self._kept[key] = _Kept(answer=replace(answer, earlier=True), until=self._clock() + self._keep_s)
        return answer

    async def refused(
        self, answer: Answer, provider: CredentialProvider, device: Device, known: Credentials
    ) -> Credentials | None:
        """The device refused an answer. If that is an earlier one: what the provider says now.

        Raises:
            CredentialsUnavailable: as in `ask`.
        """
        self._kept.pop(_key(provider, device, known), None)
        return (await self.ask(provider, device, known)).credentials if answer.earlier else None

    async def _answer(self, provider: CredentialProvider, device: Device, known: Credentials) -> Answer:
        try:
            async with asyncio.timeout(self._limit_s) as limit:
                found = await self._asked(provider, device, known)
            if found is not None and not isinstance(found, Credentials):
                raise TypeError(f"it gave {type(found).__name__}, not Credentials")
        except Exception as error:
            problem = f"no answer within {self._limit_s:g} s" if limit.expired() else repr(error)
            raise CredentialsUnavailable(device.name, f"no credentials from {provider.name}: {problem}") from error
        return Answer(credentials=None if found is None else _masked(found))

    async def _asked(self, provider: CredentialProvider, device: Device, known: Credentials) -> Any:
        theirs = device.model_copy()
        if inspect.iscoroutinefunction(provider.credentials):
            return await provider.credentials(theirs, known)
        blocking = self._blocking.setdefault(provider.name, BlockingLookUps())
        found: Any = await blocking.run(lambda: provider.credentials(theirs, known))
        return await found if inspect.isawaitable(found) else found

    def _tidy(self, now: float) -> None:
        if len(self._kept) >= self._tidy_at:
            self._kept = {key: kept for key, kept in self._kept.items() if now < kept.until}
            self._tidy_at = max(TIDY_AT, 2 * len(self._kept))


def _key(provider: CredentialProvider, device: Device, known: Credentials) -> tuple[object, ...]:
    return provider.name, device.id, device.hostname, device.ip, known


def _masked(credentials: Credentials) -> Credentials:
    """The same with secrets that do not show, should the provider have given plain text."""
    return replace(
        credentials,
        password=_secret(credentials.password),
        enable_secret=_secret(credentials.enable_secret),
        passphrase=_secret(credentials.passphrase),
    )


def _secret(text: str | None) -> Secret | None:
    return Secret(text) if text else None
