"""What a session is told: worked out from the device, its `connection_options` and the settings.

`connection_options` is JSON in Nornir's form. The entry under a plugin's name is for that plugin; the one under `neops`
is for all of them, and its `extras` are `NeopsExtras`. A value is taken from the first that has it: the plugin's entry,
the `neops` entry, the device's own fields, the settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from neops.devices.plugin import ConnectionOptions, ConnectionPlugin, Credentials, HostKeyPolicy, HostKeys, JumpHost
from neops.entities import Device, Secret
from neops.errors import DeviceError
from neops.settings import HOP, DeviceSettings

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

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
        raise ValueError("expected [user@]host[:port]")
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
    enable_secret: Secret | None = None
    private_key: str | None = None
    passphrase: Secret | None = None
    jump_hosts: tuple[Annotated[JumpHostEntry, BeforeValidator(_from_text)], ...] | None = None
    ssh_config_file: str | None = None
    keepalive: float | None = Field(default=None, ge=0)


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """A device's `connection_options`, read once; works out what each plugin is told.

    `platform` is our platform name: what the `neops` entry says, else the device's.
    """

    device: Device
    settings: DeviceSettings
    extras: NeopsExtras
    _neops: ConnectionEntry = field(repr=False)
    _entries: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, device: Device, settings: DeviceSettings) -> DeviceOptions:
        """Read what the device says.

        Raises:
            DeviceError: `connection_options` is not what it should be; the message names the key.
        """
        entries = _entries_of(device)
        neops = _validated(ConnectionEntry, entries.get(NEOPS_KEY), device, NEOPS_KEY)
        extras = _validated(NeopsExtras, neops.extras, device, f"{NEOPS_KEY}.extras")
        return cls(device=device, settings=settings, extras=extras, _neops=neops, _entries=entries)

    @property
    def platform(self) -> str | None:
        return self._neops.platform or self.device.platform_name

    @property
    def preferred_plugins(self) -> tuple[str, ...]:
        """Plugin names, the most preferred first: the device's wish, then that of the settings."""
        return (*self.extras.plugins, *self.settings.plugins)

    def entry(self, key: str) -> ConnectionEntry:
        """The entry under a key, empty when there is none.

        Raises:
            DeviceError: the entry is not what it should be.
        """
        return _validated(ConnectionEntry, self._entries.get(key), self.device, key)

    def for_plugin(self, plugin: ConnectionPlugin) -> ConnectionOptions:
        """What a session of this plugin is told.

        Raises:
            DeviceError: the plugin's entry cannot be read, or nothing says where the device is.
        """
        own, device, settings, extras = self.entry(plugin.name), self.device, self.settings, self.extras
        host = _first(own.hostname, self._neops.hostname, device.ip, device.hostname)
        if host is None:
            raise DeviceError(device.name, "has neither an address nor a host name to connect to")
        return ConnectionOptions(
            host=host,
            port=self._port(plugin, own),
            platform=own.platform or plugin.platforms[self.platform or ""],
            credentials=self._credentials(own),
            host_keys=HostKeys(
                policy=extras.host_keys or settings.host_keys,
                known_hosts=extras.known_hosts_file or settings.known_hosts,
            ),
            connect_timeout_s=extras.connect_timeout or settings.connect_timeout_s,
            command_timeout_s=extras.command_timeout or settings.command_timeout_s,
            keepalive_s=settings.keepalive_s if extras.keepalive is None else extras.keepalive,
            jump_hosts=self._jump_hosts(),
            ssh_config_file=self._ssh_config_file(own),
            extras=MappingProxyType(own.extras or {}),
        )

    def _port(self, plugin: ConnectionPlugin, own: ConnectionEntry) -> int | None:
        """A device's port is that of its command line: a plugin that goes to another one is not told it."""
        apart: int | None = getattr(plugin, "ports", {}).get(self.platform)
        return _first(own.port, apart) if apart else _first(own.port, self._neops.port, self.device.port)

    def _jump_hosts(self) -> tuple[JumpHost, ...]:
        """The device's own; an empty list means that none of the settings are on the way to it."""
        if self.extras.jump_hosts is not None:
            return tuple(hop.jump_host for hop in self.extras.jump_hosts)
        return tuple(jump_host(text) for text in self.settings.jump_hosts)

    def _ssh_config_file(self, own: ConnectionEntry) -> Path | None:
        """Where to look for a ProxyJump; nowhere when the device says by itself what is on the way."""
        file = self._conventional(own, _SSH_CONFIG_FILES, self.extras.ssh_config_file)
        return Path(file).expanduser() if file and self.extras.jump_hosts is None else None

    def _credentials(self, own: ConnectionEntry) -> Credentials:
        enable_secret = self._conventional(own, _ENABLE_SECRETS, self.extras.enable_secret)
        private_key = self._conventional(own, _PRIVATE_KEYS, self.extras.private_key)
        passphrase = self._conventional(own, _PASSPHRASES, self.extras.passphrase)
        return Credentials(
            username=_first(own.username, self._neops.username, self.device.username),
            password=_first(own.password, self._neops.password, self.device.password),
            enable_secret=Secret(enable_secret) if enable_secret else None,
            private_key=Path(private_key).expanduser() if private_key else None,
            passphrase=Secret(passphrase) if passphrase else None,
        )

    def _conventional(self, own: ConnectionEntry, paths: Sequence[_Path], common: str | None) -> str | None:
        """A value that belongs to the device, whichever plugin serves it, and that each library names differently."""
        if own.extras and (value := _found(own.extras, paths)):
            return value
        return common or next((value for extras in self._all_extras if (value := _found(extras, paths))), None)

    @cached_property
    def _all_extras(self) -> Sequence[Mapping[str, Any]]:
        entries = (entry for key, entry in self._entries.items() if key != NEOPS_KEY and isinstance(entry, dict))
        return [extras for entry in entries if isinstance(extras := entry.get("extras"), dict)]


def jump_host(text: str) -> JumpHost:
    """A jump host from `user@host:port`.

    Raises:
        ValueError: the text is something else.
    """
    return JumpHostEntry.model_validate(_from_text(text)).jump_host


def _entries_of(device: Device) -> Mapping[str, Any]:
    if not device.connection_options:
        return _NOTHING
    try:
        entries = json.loads(device.connection_options)
    except ValueError as error:
        raise DeviceError(device.name, f"connection_options is not JSON: {error}") from None
    if not isinstance(entries, dict):
        raise DeviceError(device.name, "connection_options is not a JSON object of plugin names")
    return entries


def _validated(model: type[M], value: Any, device: Device, key: str) -> M:
    if value is None:
        return model()
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]  # the input may be a secret
        where = ".".join(("connection_options", key, *(str(part) for part in first["loc"])))
        raise DeviceError(device.name, f"{where}: {first['msg']}") from None


def _first(*values: T | None) -> T | None:
    return next((value for value in values if value not in (None, "")), None)


def _found(extras: Mapping[str, Any], paths: Sequence[_Path]) -> str | None:
    return next((value for path in paths if isinstance(value := _at(extras, path), str) and value), None)


def _at(extras: Mapping[str, Any], path: _Path) -> Any:
    value: Any = extras
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
