"""Which credentials are tried on a device, in which order, and when trying stops."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from neops.concurrency import Clock
from neops.devices.credentials.providers import CredentialProvider, LookUps
from neops.devices.credentials.records import CredentialRecord, Patience
from neops.devices.plugin import Credentials
from neops.entities import Device, Secret
from neops.errors import AuthenticationFailed, CredentialsUnavailable, EnableRefused

T = TypeVar("T")

Permission = Callable[[], Awaitable[None]]
Attempt = Callable[[Credentials, Permission], Awaitable[T]]

JUMP_HOST: Final = "jump_host"
"""Platform of the device that stands for a jump host when providers are asked for its credentials."""

TIDY_AT: Final = 4096
"""Credentials that are remembered before those are forgotten that nobody refused lately: a vault may make new ones."""


class EntityCredentials:
    """What the device itself and its `connection_options` say."""

    name = "inventory"

    async def credentials(self, _device: Device, known: Credentials, /) -> Credentials | None:
        return known if known.username else None


class EnvironmentCredentials:
    """NEOPS_PASSWORD or NEOPS_PRIVATE_KEY, for NEOPS_USERNAME or else for the user that the inventory names.

    Likewise NEOPS_PRIVATE_KEY_PASSPHRASE and NEOPS_ENABLE_SECRET. A jump host gets the same with NEOPS_JUMP_ in front,
    and never what is for devices.
    """

    name = "environment"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._devices = _in_environment(environment, "NEOPS_")
        self._jump_hosts = _in_environment(environment, "NEOPS_JUMP_")

    async def credentials(self, device: Device, known: Credentials, /) -> Credentials | None:
        ours = self._jump_hosts if device.platform_name == JUMP_HOST else self._devices
        username = ours.username or known.username
        if username is None or (ours.password is None and ours.private_key is None):
            return None
        return replace(ours, username=username, enable_secret=ours.enable_secret or known.enable_secret)


def _in_environment(environment: Mapping[str, str], prefix: str) -> Credentials:
    def secret(name: str) -> Secret | None:
        text = environment.get(f"{prefix}{name}")
        return Secret(text) if text else None

    private_key = environment.get(f"{prefix}PRIVATE_KEY")
    return Credentials(
        username=environment.get(f"{prefix}USERNAME") or None,
        password=secret("PASSWORD"),
        enable_secret=secret("ENABLE_SECRET"),
        private_key=Path(private_key).expanduser() if private_key else None,
        passphrase=secret("PRIVATE_KEY_PASSPHRASE"),
    )


class CredentialChain:
    """Tries credentials in the providers' order, the next one only after the device refused one.

    One wrong password must not lock a fleet out: a credential that was refused `limit` times in a row is not tried
    again for `hold_off_s`, and until it worked once no more logins with it are under way than may still be refused.
    One that works elsewhere and is refused `limit` times in a row by one device is not tried there. An enable secret
    counts by itself: a device that refuses it took the password.

    Who goes first, and next, is drawn by lot, and a login without an answer after `PATIENCE_S` holds nobody back:
    devices that hang often stand together in an inventory. Lives in the runtime's loop.
    """

    def __init__(
        self,
        providers: Sequence[CredentialProvider],
        *,
        limit: int = 3,
        hold_off_s: float = 300.0,
        lookups: LookUps | None = None,
        clock: Clock = time.monotonic,
        lots: Random | None = None,
    ) -> None:
        self._lookups = lookups or LookUps(clock=clock)
        self._providers = tuple(providers)
        lots = lots or Random()  # noqa: S311  # no secret depends on it
        self._patience = Patience(limit=limit, hold_off_s=hold_off_s, clock=clock, lots=lots)
        self._records: dict[Credentials, CredentialRecord] = {}
        self._tidy_at = TIDY_AT

    async def log_in(self, device: Device, known: Credentials, attempt: Attempt[T]) -> T:
        """Run `attempt` with one credential after the other until the device takes one.

        `attempt` awaits the permission that it is given before the device gets to see the credential.

        Raises:
            AuthenticationFailed: the device refused all of them, or they are not tried any more.
            CredentialsUnavailable: the provider whose turn it was failed.
        """
        refusals: list[str] = []
        last: AuthenticationFailed | None = None
        try:
            async with aclosing(self._candidates(device, known)) as candidates:
                async for source, credentials in candidates:
                    try:
                        async with self._guarded(device, credentials) as permission:
                            return await attempt(credentials, permission)
                    except AuthenticationFailed as error:
                        last = error
                        refusals.append(f"{_described(credentials, source)}: {error.message}")
        except CredentialsUnavailable as error:
            if not refusals:
                raise
            raise CredentialsUnavailable(device.name, "; ".join([*refusals, error.message])) from error
        raise AuthenticationFailed(device.name, "; ".join(refusals)) from last

    async def _candidates(self, device: Device, known: Credentials) -> AsyncGenerator[tuple[str, Credentials], None]:
        """What to try, each looked up when it is its turn; last what has neither password nor key: an agent may do."""
        seen: set[Credentials] = set()
        bare: list[tuple[str, Credentials]] = []
        for provider in self._providers:
            answer = await self._lookups.ask(provider, device, known)
            credentials = answer.credentials
            if credentials is None or credentials in seen:
                continue
            seen.add(credentials)
            if credentials.password is None and credentials.private_key is None:
                bare.append((provider.name, credentials))
                continue
            yield provider.name, credentials
            renewed = await self._lookups.refused(answer, provider, device, known)
            if renewed is not None and renewed not in seen:
                seen.add(renewed)
                yield provider.name, renewed
        for one in bare or ([] if seen else [("none", known)]):
            yield one

    @asynccontextmanager
    async def _guarded(self, device: Device, credentials: Credentials) -> AsyncIterator[Permission]:
        """Let a login through and learn from how it ends."""
        records = self._records_of(credentials)
        for record in records:
            record.renew(device.name)
            record.check(device.name)
        asked, denied = False, None
        async with AsyncExitStack() as places:

            async def permission() -> None:
                nonlocal asked, denied
                if asked:
                    return
                asked = True
                try:
                    for record in records:
                        if not record.proven:
                            await places.enter_async_context(record.logins.place())
                        record.check(device.name)
                except AuthenticationFailed as error:
                    denied = error
                    raise

            try:
                yield permission
            except Exception as error:
                if denied is not None:  # a library may have made something else of it
                    raise denied from None
                _learn(device.name, records, error)
                raise
            for record in records:
                record.taken(device.name)

    def _records_of(self, credentials: Credentials) -> list[CredentialRecord]:
        """That of the login, then that of the enable secret where there is one."""
        about: dict[str, object] = {"user": credentials.username}
        if not credentials.enable_secret:
            return [self._record(credentials, about)]
        return [
            self._record(replace(credentials, enable_secret=None), about),
            self._record(credentials, about | {"what": "enable secret"}),
        ]

    def _record(self, key: Credentials, about: Mapping[str, object]) -> CredentialRecord:
        record = self._records.get(key)
        if record is None:
            if len(self._records) >= self._tidy_at:
                self._records = {key: record for key, record in self._records.items() if record.held_off}
                self._tidy_at = max(TIDY_AT, 2 * len(self._records))
            record = self._records[key] = CredentialRecord(about, self._patience)
        return record


def _learn(device: str, records: Sequence[CredentialRecord], error: Exception) -> None:
    """Note what a login failed of, if it was one of these: the login's record, then the enable secret's."""
    login, *enable = records
    match error:
        case EnableRefused():
            login.taken(device)
            for record in enable:
                record.refused(device)
        case AuthenticationFailed():
            login.refused(device)


def _described(credentials: Credentials, source: str) -> str:
    return f"user {credentials.username!r} ({source})" if credentials.username else f"no user ({source})"
