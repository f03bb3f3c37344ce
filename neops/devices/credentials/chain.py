"""Which credentials are tried on a device, in which order, and when trying stops."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from neops.concurrency import Clock
from neops.devices.credentials.providers import CredentialProvider, LookUps
from neops.devices.plugin import Credentials
from neops.devices.waiting import Places
from neops.entities import Device, Secret
from neops.errors import AuthenticationFailed, CredentialsUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

Permission = Callable[[], Awaitable[None]]
Attempt = Callable[[Credentials, Permission], Awaitable[T]]

JUMP_HOST: Final = "jump_host"
"""Platform of the device that stands for a jump host when providers are asked for its credentials."""

PATIENCE_S: Final = 3.0
"""How long one unanswered login may hold back others with the same unproven credential. OpenSSH with PAM answers a
wrong password after about 2 s (pam_unix, FAIL_DELAY in login.defs(5))."""


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


class _Record:
    """What happened to one credential, over all devices."""

    def __init__(self, limit: int, lots: Random) -> None:
        self.proven = False
        self.refused_by: list[str] = []
        self.stopped_at = -math.inf
        self._limit = limit
        self.logins = Places(self._room, patience_s=PATIENCE_S, lots=lots)

    @property
    def stopped(self) -> bool:
        return len(self.refused_by) >= self._limit

    def _room(self) -> float:
        """Logins that may be under way: as many as may still be refused; whoever waits for a stopped one is told so."""
        return math.inf if self.proven or self.stopped else self._limit - len(self.refused_by)


class CredentialChain:
    """Tries credentials in the providers' order, the next one only after the device refused one.

    One wrong password must not lock a fleet out: a credential that was refused `limit` times in a row is not tried
    again for `hold_off_s`, and until it worked once no more logins with it are under way than may still be refused.
    Who goes next is drawn by lot, and a login without an answer after `PATIENCE_S` holds nobody back: devices that
    hang often stand together in an inventory. Lives in the runtime's loop.
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
        self._limit, self._hold_off_s, self._clock = limit, hold_off_s, clock
        self._lots = lots or Random()  # noqa: S311  # no secret depends on it
        self._records: dict[Credentials, _Record] = {}

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
        record = self._record_of(replace(credentials, enable_secret=None))
        if record.stopped and self._clock() - record.stopped_at >= self._hold_off_s:
            record.refused_by.pop()  # one more try, and it stays stopped if that is refused
        if record.stopped:
            raise AuthenticationFailed(device.name, self._not_tried(record))
        asked, denied = False, None
        async with AsyncExitStack() as place:

            async def permission() -> None:
                nonlocal asked, denied
                if asked:
                    return
                asked = True
                await place.enter_async_context(record.logins.place())
                if record.stopped:
                    denied = AuthenticationFailed(device.name, self._not_tried(record))
                    raise denied

            try:
                yield permission
            except Exception as error:
                if denied is not None:  # a library may have made something else of it
                    raise denied from None
                if isinstance(error, AuthenticationFailed):
                    self._refused(record, device, credentials)
                raise
            record.proven = True
            record.refused_by.clear()
            record.logins.move()

    def _record_of(self, login: Credentials) -> _Record:
        record = self._records.get(login)
        if record is None:
            record = self._records[login] = _Record(self._limit, self._lots)
        return record

    def _refused(self, record: _Record, device: Device, credentials: Credentials) -> None:
        if not record.proven or device.name not in record.refused_by:
            record.refused_by.append(device.name)
        record.proven = record.proven and not record.stopped
        if record.stopped:
            record.stopped_at = self._clock()
            logger.error(
                "a credential was refused too often and is not tried any more",
                extra={"user": credentials.username, "refused_by": record.refused_by, "hold_off_s": self._hold_off_s},
            )
        record.logins.move()

    def _not_tried(self, record: _Record) -> str:
        wait_s = record.stopped_at + self._hold_off_s - self._clock()
        return f"not tried, refused by {', '.join(record.refused_by)} before: correct it or wait {wait_s:.0f} s"


def _described(credentials: Credentials, source: str) -> str:
    return f"user {credentials.username!r} ({source})" if credentials.username else f"no user ({source})"
