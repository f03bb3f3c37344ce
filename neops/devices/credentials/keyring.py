"""Credentials in the operating system's key store, through the library keyring."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Final, Protocol, Self

from neops.devices.credentials.chain import JUMP_HOST
from neops.devices.plugin import Credentials
from neops.entities import Device, Secret
from neops.errors import SettingsInvalid

SERVICE_VARIABLE: Final = "NEOPS_KEYRING_SERVICE"
ENABLE: Final = "enable"
"""The user under which an enable secret is kept."""


KEYRING_MISSING: Final = "keyring not installed: pip install 'neops[keyring]'"


def keyring_installed() -> bool:
    """Whether the library is there; does not import it."""
    return importlib.util.find_spec("keyring") is not None


class Found(Protocol):
    """An entry of a key store, as keyring has it."""

    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...


class KeyStore(Protocol):
    """What is asked of keyring: the module itself, or one of its backends."""

    def get_credential(self, service: str, username: str | None, /) -> Found | None: ...
    def get_password(self, service: str, username: str, /) -> str | None: ...


class KeyringCredentials:
    """The entry `neops/DEVICE`, else `neops`, for the user that the inventory names, or the only one there is.

    Put one there with `keyring set neops/core-1 automation`; an enable secret stands under the user `enable`.
    NEOPS_KEYRING_SERVICE gives another word than `neops`. A jump host has to have an entry of its own.
    """

    name = "keyring"

    def __init__(self, service: str = "neops", *, store: KeyStore | None = None) -> None:
        self._service, self._store = service, store

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """With the service that the environment names.

        Raises:
            SettingsInvalid: the library is not installed.
        """
        if not keyring_installed():
            raise SettingsInvalid(KEYRING_MISSING)
        return cls(environment.get(SERVICE_VARIABLE) or "neops")

    def credentials(self, device: Device, known: Credentials, /) -> Credentials | None:
        store = self._opened()
        common = () if device.platform_name == JUMP_HOST else (self._service,)
        for service in (f"{self._service}/{device.name}", *common):
            if (found := store.get_credential(service, known.username)) is None or not found.password:
                continue
            enable_secret = store.get_password(service, ENABLE)
            return Credentials(
                username=found.username,
                password=Secret(found.password),
                enable_secret=Secret(enable_secret) if enable_secret else known.enable_secret,
            )
        return None

    def _opened(self) -> KeyStore:
        if self._store is None:
            import keyring  # an extra; its backends talk to D-Bus or the keychain when they are imported

            self._store = keyring.get_keyring()
        return self._store
