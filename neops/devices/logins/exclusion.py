"""Devices that are never logged in to, whatever a workflow asks."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import Final

from neops.concurrency import Clock
from neops.entities import Device
from neops.errors import DeviceExcluded, SettingsInvalid

logger = logging.getLogger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]+(?:%.*)?")
"""What an address is made of: most names are told apart at a glance."""

LOOK_S: Final = 1.0
"""How often the file of rules is looked at while logins ask for it."""

RESOLVE_S: Final = 5.0
"""How long a name may take to resolve; resolvers ask again after 5 s (resolv.conf(5), `timeout`)."""


@dataclass(frozen=True, kw_only=True)
class ExclusionRule:
    """One rule: a network or an address, or else a name or a glob. `origin` is where it is written."""

    text: str
    origin: str
    network: Network | None = None
    _names: re.Pattern[str] = field(repr=False)

    @classmethod
    def read(cls, text: str, origin: str) -> ExclusionRule:
        """Read one rule.

        Raises:
            SettingsInvalid: it looks like a network and is none, as `192.0.2.7/24`, which has host bits.
        """
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            if "/" in text:
                raise SettingsInvalid(f"{origin}: {error}") from None
            network = None
        return cls(text=text, origin=origin, network=network, _names=re.compile(translate(text.lower())))

    def names(self, name: str) -> bool:
        """Whether a device or host of that name is meant; case does not matter."""
        return self._names.match(name.lower()) is not None

    def covers(self, address: IpAddress) -> bool:
        """Whether the address is in its network."""
        return self.network is not None and address.version == self.network.version and address in self.network


class ExclusionList:
    """Rules that keep devices from being logged in to; empty by default.

    A rule is a device's or host's name, a glob, an address, or a network. Networks hold for host names too: these are
    resolved before the login, and each address counts. The file of rules is read again when it has changed.
    """

    def __init__(
        self, given: Iterable[ExclusionRule] = (), file: Path | None = None, *, clock: Clock = time.monotonic
    ) -> None:
        self._given, self._file, self._clock = tuple(given), file, clock
        self._seen, self._looked_at = _stamp(file), clock()
        self._take(_rules_in(file))

    @classmethod
    def load(cls, rules: Iterable[str], file: Path | None, *, clock: Clock = time.monotonic) -> ExclusionList:
        """The rules of the settings, and those of a file: one a line, `#` starts a comment.

        Raises:
            SettingsInvalid: a rule or the file cannot be read. A file that is missing is an error: it protects.
        """
        return cls([ExclusionRule.read(rule, "NEOPS_EXCLUDE") for rule in rules], file, clock=clock)

    def check(self, device: Device, host: str) -> None:
        """Look at the device's names, its address, and the host that it is reached at; nothing is resolved.

        Raises:
            DeviceExcluded: a rule means it, which is named.
        """
        self._read_again()
        if self._rules:
            self._look(device, {device.name, device.hostname or "", device.ip or "", host} - {""})

    async def check_addresses(self, device: Device, host: str) -> None:
        """Look at what the host's name resolves to, where there are rules about networks.

        Raises:
            DeviceExcluded: an address is excluded.
        """
        if self._networks and _address(host) is None:
            self._look(device, await _resolved(host))

    def _take(self, rules: Iterable[ExclusionRule]) -> None:
        self._rules = (*self._given, *rules)
        self._networks = tuple(rule for rule in self._rules if rule.network is not None)
        self._names = re.compile("|".join(translate(rule.text.lower()) for rule in self._rules))

    def _read_again(self) -> None:
        """Take the rules of a file that has changed; while it cannot be read, those of before hold."""
        if self._file is None or self._clock() - self._looked_at < LOOK_S:
            return
        self._looked_at = self._clock()
        if (seen := _stamp(self._file)) == self._seen:
            return
        self._seen = seen
        try:
            self._take(list(_rules_in(self._file)))
        except SettingsInvalid as error:
            logger.error("the exclusion rules of before hold: the file cannot be used", extra={"problem": str(error)})
        else:
            logger.info("exclusion rules were read again", extra={"file": str(self._file), "rules": len(self._rules)})

    def _look(self, device: Device, known_as: Iterable[str]) -> None:
        for name in known_as:
            if (rule := self._rule_for(name)) is not None:
                raise DeviceExcluded(device.name, rule.text, rule.origin)

    def _rule_for(self, name: str) -> ExclusionRule | None:
        if self._names.match(name.lower()):
            return next(rule for rule in self._rules if rule.names(name))
        address = _address(name) if self._networks else None
        return None if address is None else next((rule for rule in self._networks if rule.covers(address)), None)


def _stamp(file: Path | None) -> tuple[int, ...] | None:
    """What changes with a file; None for one that is not there."""
    try:
        status = file.stat() if file is not None else None
    except OSError:
        return None
    return status and (status.st_mtime_ns, status.st_size, status.st_ino)


def _rules_in(file: Path | None) -> Iterator[ExclusionRule]:
    if file is None:
        return
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"NEOPS_EXCLUDE_FILE={file}: cannot be read: {error}") from None
    for number, line in enumerate(lines, start=1):
        if rule := line.partition("#")[0].strip():
            yield ExclusionRule.read(rule, f"{file}:{number}")


def _address(text: str) -> IpAddress | None:
    if not _ADDRESS.fullmatch(text):
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


async def _resolved(host: str) -> set[str]:
    """All addresses of a name; none when it does not resolve: the login will say so."""
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return set()
    return {str(address[0]) for *_, address in found}
