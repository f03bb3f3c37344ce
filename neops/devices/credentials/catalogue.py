"""Which credential providers there are: ours, and those of other distributions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from neops._version import __version__
from neops.devices.credentials.chain import EntityCredentials, EnvironmentCredentials
from neops.devices.credentials.file import FileCredentials
from neops.devices.credentials.keyring import KEYRING_MISSING, KeyringCredentials, keyring_installed
from neops.devices.credentials.providers import CredentialProvider
from neops.devices.entry_points import EntryPoints, Origin, load, problem_of
from neops.devices.resolving.catalogue import OWN_DISTRIBUTION
from neops.errors import SettingsInvalid

logger = logging.getLogger(__name__)

CREDENTIAL_GROUP: Final = "neops.credentials"
"""Entry-point group in which credential providers of other distributions register."""

DEFAULT_ORDER: Final = ("inventory", "environment")

MakeProvider = Callable[[Mapping[str, str]], CredentialProvider]
"""Makes a provider from the environment, where it finds what it has to know."""


@dataclass(frozen=True, kw_only=True)
class ProviderEntry:
    """One registered provider. `make` is None when it could not be loaded, and `failure` says why in one line."""

    name: str
    origin: Origin
    make: MakeProvider | None = None
    failure: str | None = None

    @property
    def obstacle(self) -> str | None:
        """Why it cannot be used, None when it can."""
        if self.failure is not None:
            return f"failed to load: {self.failure}"
        if self.name == KeyringCredentials.name and not keyring_installed():
            return KEYRING_MISSING
        return None


class ProviderCatalogue:
    """The credential providers of this process. One of another distribution is loaded by name when it is asked for,
    and one that fails to load is kept as such. Nobody can take the name of one of ours.
    """

    def __init__(self, find: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=CREDENTIAL_GROUP)) -> None:
        self._entry_points = EntryPoints(find)
        ours = Origin(distribution=OWN_DISTRIBUTION, version=__version__)
        self._entries = {name: ProviderEntry(name=name, origin=ours, make=make) for name, make in _own().items()}

    def names(self) -> tuple[str, ...]:
        """Names of all providers, sorted; imports none of them."""
        return tuple(sorted({*self._entry_points.by_name(), *self._entries}))

    def entry(self, name: str) -> ProviderEntry:
        """What is known about one provider; loads it.

        Raises:
            KeyError: nobody registered that name.
        """
        if name not in self._entries:
            self._entries[name] = _load(name, self._entry_points.by_name()[name])
        return self._entries[name]

    def entries(self) -> tuple[ProviderEntry, ...]:
        """What is known about all of them, sorted by name; loads them."""
        return tuple(self.entry(name) for name in self.names())

    def provider(self, name: str, environment: Mapping[str, str]) -> CredentialProvider:
        """The provider of that name, ready to be asked.

        Raises:
            SettingsInvalid: there is none, or it cannot be made from this environment; the message says why.
        """
        try:
            entry = self.entry(name)
        except KeyError:
            raise _invalid(name, f"no such provider, there are {', '.join(self.names())}") from None
        if entry.make is None:
            raise _invalid(name, f"failed to load: {entry.failure}")
        try:
            return _checked(name, entry.make(environment))
        except SettingsInvalid as error:
            raise _invalid(name, str(error)) from error
        except Exception as error:
            raise _invalid(name, f"{type(error).__name__}: {error}") from error


def credential_providers(
    environment: Mapping[str, str],
    order: Sequence[str] = DEFAULT_ORDER,
    *,
    catalogue: ProviderCatalogue | None = None,
) -> tuple[CredentialProvider, ...]:
    """Who is asked for credentials, in this order: the setting NEOPS_CREDENTIALS.

    Raises:
        SettingsInvalid: one of them cannot be had; the message names it.
    """
    known = catalogue or ProviderCatalogue()
    return tuple(known.provider(name, environment) for name in order)


def _own() -> Mapping[str, MakeProvider]:
    return {
        EntityCredentials.name: lambda _environment: EntityCredentials(),
        EnvironmentCredentials.name: EnvironmentCredentials,
        FileCredentials.name: FileCredentials.from_environment,
        KeyringCredentials.name: KeyringCredentials.from_environment,
    }


def _load(name: str, points: list[EntryPoint]) -> ProviderEntry:
    origin = Origin.of(points[0])
    try:
        make = load(CREDENTIAL_GROUP, name, points, invoke=False)
        if not callable(make):
            raise TypeError(f"{type(make).__name__} cannot be called with the environment")
    except Exception as error:  # noqa: BLE001  # the provider's own code: one that is broken must not stop the others
        problem = problem_of(error, points)
    else:
        return ProviderEntry(name=name, origin=origin, make=make)
    fields = {"provider": name, "distribution": origin.distribution, "problem": problem}
    logger.warning("a credential provider failed to load", extra=fields)
    return ProviderEntry(name=name, origin=origin, failure=problem)


def _checked(name: str, provider: object) -> CredentialProvider:
    if not isinstance(provider, CredentialProvider):
        raise TypeError(f"{type(provider).__name__} is no CredentialProvider: it needs `name` and `credentials`")
    if provider.name != name:
        raise ValueError(f"registered as {name!r}, but its name is {provider.name!r}")
    return provider


def _invalid(name: str, problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"NEOPS_CREDENTIALS: {name}: {problem}")
