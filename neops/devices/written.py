"""A device's `connection_options` as they are written: JSON in Nornir's form, read once for all devices that share it.

The entry under a plugin's name is for that plugin; the one under `neops` is for all of them, and its `extras` are
`NeopsExtras`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from neops.devices.plugin import Credentials, HostKeyPolicy, JumpHost
from neops.entities import Secret
from neops.settings import HOP

M = TypeVar("M", bound=BaseModel)

KEPT: Final = 4096
"""Different texts that are kept; devices of a group often share one."""

NEOPS_KEY: Final = "neops"

_Path = tuple[str, ...]

_ENABLE_SECRETS: Final[tuple[_Path, ...]] = (("secret",), ("auth_secondary",), ("optional_args", "secret"))
"""Where netmiko 4, scrapli 2025 and NAPALM 5 are given the enable secret."""

_PRIVATE_KEYS: Final[tuple[_Path, ...]] = (("key_file",), ("auth_private_key",), ("optional_args", "key_file"))
"""Where the same libraries are given the SSH key."""

_PASSPHRASES: Final[tuple[_Path, ...]] = (
    ("passphrase",),
    ("auth_private_key_passphrase",),
    ("optional_args", "passphrase"),
)
"""Where the same libraries are given the passphrase of that key."""

_SSH_CONFIG_FILES: Final[tuple[_Path, ...]] = (("ssh_config_file",), ("optional_args", "ssh_config_file"))
"""Where the same libraries are told to read a file of ssh_config(5)."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ConnectionEntry(BaseModel):
    """One entry of `connection_options`, as Nornir's ConnectionOptions; None and missing keys are inherited."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hostname: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: Secret | None = None
    platform: str | None = None
    extras: dict[str, Any] | None = Field(default=None, repr=False)


def _from_text(value: Any) -> Any:
    """`user@host:port` as the fields that it stands for."""
    if not isinstance(value, str):
        return value
    if (match := HOP.fullmatch(value.strip())) is None:
        raise ValueError("expected [user@]host[:port]; a password has a field of its own")
    return {"host": match["address"] or match["host"], "port": match["port"], "username": match["user"]}


class JumpHostEntry(BaseModel):
    """A jump host as an inventory writes it: these fields, or the text `user@host:port`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: Secret | None = None
    private_key: Path | None = None
    passphrase: Secret | None = None

    @property
    def jump_host(self) -> JumpHost:
        credentials = Credentials(
            username=self.username,
            password=self.password,
            private_key=self.private_key and self.private_key.expanduser(),
            passphrase=self.passphrase,
        )
        return JumpHost(host=self.host, port=self.port, credentials=credentials)


class NeopsExtras(BaseModel):
    """What `extras` may hold under the key `neops`: for every plugin the same. Times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plugins: tuple[str, ...] = ()
    known_hosts_file: Path | None = None
    host_keys: HostKeyPolicy | None = None
    connect_timeout: float | None = Field(default=None, gt=0)
    command_timeout: float | None = Field(default=None, gt=0)
    commit_timeout: float | None = Field(default=None, gt=0)
    enable_secret: Secret | None = None
    private_key: str | None = None
    passphrase: Secret | None = None
    jump_hosts: tuple[Annotated[JumpHostEntry, BeforeValidator(_from_text)], ...] | None = None
    ssh_config_file: str | None = None
    keepalive: float | None = Field(default=None, ge=0)


@dataclass(frozen=True, kw_only=True)
class Conventional:
    """What belongs to the device, whichever plugin serves it, and what each library names differently."""

    enable_secret: Secret | None
    private_key: Path | None
    passphrase: Secret | None
    ssh_config_file: Path | None


class _OwnEntry(ConnectionEntry):
    """The entry `neops`. An option beside its `extras` would be passed over: in those of libraries it is theirs."""

    @model_validator(mode="before")
    @classmethod
    def _in_extras(cls, value: Any) -> Any:
        astray = sorted(NeopsExtras.model_fields.keys() & value.keys()) if isinstance(value, dict) else []
        if astray:
            raise ValueError(f"{', '.join(astray)} belongs into extras")
        return value


@dataclass(frozen=True, eq=False)
class WrittenOptions:
    """The entries of one text. `neops` is the one for all plugins, `extras` what it holds for them."""

    neops: ConnectionEntry = field(repr=False)
    extras: NeopsExtras = field(repr=False)
    _entries: Mapping[str, Any] = field(repr=False)
    _read: dict[str, ConnectionEntry] = field(default_factory=dict, repr=False)
    _conventional: dict[str, Conventional] = field(default_factory=dict, repr=False)

    def entry(self, key: str) -> ConnectionEntry:
        """The entry under a key, empty when there is none.

        Raises:
            ValueError: the entry is not what it should be; the message names the key.
        """
        if key not in self._read:
            self._read[key] = _validated(ConnectionEntry, self._entries.get(key), key)
        return self._read[key]

    def conventional(self, key: str) -> Conventional:
        """What the entry under a key says, then what `neops` says, then what the others say.

        Raises:
            ValueError: the entry is not what it should be; the message names the key.
        """
        if key not in self._conventional:
            own, common = self.entry(key).extras or {}, self.extras
            enable_secret = self._first(own, _ENABLE_SECRETS, common.enable_secret)
            private_key = self._first(own, _PRIVATE_KEYS, common.private_key)
            passphrase = self._first(own, _PASSPHRASES, common.passphrase)
            ssh_config_file = self._first(own, _SSH_CONFIG_FILES, common.ssh_config_file)
            self._conventional[key] = Conventional(
                enable_secret=Secret(enable_secret) if enable_secret else None,
                private_key=Path(private_key).expanduser() if private_key else None,
                passphrase=Secret(passphrase) if passphrase else None,
                ssh_config_file=Path(ssh_config_file).expanduser() if ssh_config_file else None,
            )
        return self._conventional[key]

    def _first(self, own: Mapping[str, Any], paths: Sequence[_Path], common: str | None) -> str | None:
        found = _found(own, paths) or common
        return found or next((value for extras in self._all_extras if (value := _found(extras, paths))), None)

    @cached_property
    def _all_extras(self) -> Sequence[Mapping[str, Any]]:
        entries = (entry for key, entry in self._entries.items() if key != NEOPS_KEY and isinstance(entry, dict))
        return [extras for entry in entries if isinstance(extras := entry.get("extras"), dict)]


@lru_cache(maxsize=KEPT)
def written(text: str | None) -> WrittenOptions:
    """The entries of `connection_options`.

    Raises:
        ValueError: it is not what it should be; the message names the key.
    """
    entries = _entries_of(text) if text else _NOTHING
    neops = _validated(_OwnEntry, entries.get(NEOPS_KEY), NEOPS_KEY)
    return WrittenOptions(neops, _validated(NeopsExtras, neops.extras, f"{NEOPS_KEY}.extras"), entries)


def jump_host(text: str) -> JumpHost:
    """A jump host from `user@host:port`.

    Raises:
        ValueError: the text is something else.
    """
    return JumpHostEntry.model_validate(_from_text(text)).jump_host


def _entries_of(text: str) -> Mapping[str, Any]:
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise ValueError(f"connection_options is not JSON: {error}") from None
    if not isinstance(entries, dict):
        raise ValueError("connection_options is not a JSON object of plugin names")
    return entries


def _validated(model: type[M], value: Any, key: str) -> M:
    if value is None:
        return model()
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]  # the input may be a secret
        where = ".".join(("connection_options", key, *(str(part) for part in first["loc"])))
        strange = first["type"] == "extra_forbidden" and len(first["loc"]) == 1
        known = f"there is no such option; there are {', '.join(model.model_fields)}"
        raise ValueError(f"{where}: {known if strange else problem_in(first)}") from None


def problem_in(error: ErrorDetails) -> str:
    """What pydantic says, and what to do about it where YAML read a password of digits as a number."""
    advice = ": put it in quotes" if error["type"] == "string_type" else ""
    return error["msg"] + advice


def _found(extras: Mapping[str, Any], paths: Sequence[_Path]) -> str | None:
    for path in paths:
        value = _at(extras, path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f"connection_options: {'.'.join(path)} in extras is a number: put it in quotes")
        if isinstance(value, str) and value:
            return value
    return None


def _at(extras: Mapping[str, Any], path: _Path) -> Any:
    value: Any = extras
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
