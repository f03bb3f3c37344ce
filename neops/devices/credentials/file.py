"""Credentials in a file of their own, by rules: which devices, and what lets us in."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from neops.devices.credentials.chain import JUMP_HOST
from neops.devices.plugin import Credentials
from neops.devices.written import problem_in
from neops.entities import Device, Secret
from neops.errors import SettingsInvalid

FILE_VARIABLE: Final = "NEOPS_CREDENTIALS_FILE"

Patterns = Annotated[tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class FileRule(BaseModel):
    """One rule of the file. A device matches when each condition that is given matches by one of its globs.

    `devices` are names and addresses, `groups` the names of the device's groups, `platforms` our platform names. A jump
    host matches only where `platforms` names `jump_host`. User and enable secret come from the inventory where the
    rule has none; `passphrase` is that of the private key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    devices: Patterns = ()
    groups: Patterns = ()
    platforms: Patterns = ()
    username: str | None = None
    password: Secret | None = None
    enable_secret: Secret | None = None
    private_key: Path | None = None
    passphrase: Secret | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.password is None and self.private_key is None:
            raise ValueError("neither password nor private_key")
        return self

    def matches(self, device: Device) -> bool:
        """Whether the rule is for this device."""
        return (
            (device.platform_name != JUMP_HOST or JUMP_HOST in self.platforms)
            and _matches(self.devices, (device.hostname, device.ip))
            and _matches(self.groups, (group.name for group in device.groups))
            and _matches(self.platforms, (device.platform_name,))
        )

    def credentials(self, known: Credentials) -> Credentials | None:
        username = self.username or known.username
        if username is None:
            return None
        return Credentials(
            username=username,
            password=self.password,
            enable_secret=self.enable_secret or known.enable_secret,
            private_key=self.private_key.expanduser() if self.private_key else None,
            passphrase=self.passphrase,
        )


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    credentials: tuple[FileRule, ...] = Field(default=())


class FileCredentials:
    """The first rule of a YAML or TOML file that matches the device. The file is read again when it has changed.

    A file that everybody may read is refused. What is in it never shows in an error.
    """

    name = "file"

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rules: tuple[FileRule, ...] = ()
        self._seen: tuple[int, ...] = ()
        self._read()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The file that NEOPS_CREDENTIALS_FILE names.

        Raises:
            SettingsInvalid: it names none, or one that cannot be used.
        """
        file = environment.get(FILE_VARIABLE)
        if not file:
            raise SettingsInvalid(f"{FILE_VARIABLE} is not set: it names the file of the provider `file`")
        return cls(Path(file).expanduser())

    def credentials(self, device: Device, known: Credentials, /) -> Credentials | None:
        self._read()
        rule = next((rule for rule in self._rules if rule.matches(device)), None)
        return None if rule is None else rule.credentials(known)

    def _read(self) -> None:
        """Read the file unless it is the one that was read last.

        Raises:
            SettingsInvalid: it cannot be read, everybody may read it, or a rule has a mistake.
        """
        try:
            with self._file.open("rb") as opened:
                status = os.fstat(opened.fileno())
                seen = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)
                if seen == self._seen:
                    return
                if os.name != "nt" and status.st_mode & (stat.S_IROTH | stat.S_IWOTH):
                    raise SettingsInvalid(f"{self._file}: everybody may read or write it: chmod 600 {self._file}")
                content = opened.read()
        except OSError as error:
            raise SettingsInvalid(f"{self._file}: cannot be read: {error.strerror}") from None
        self._rules, self._seen = _parsed(self._file, content), seen


def _parsed(file: Path, content: bytes) -> tuple[FileRule, ...]:
    """The rules; errors say where, and nothing of the content."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{file}: is not UTF-8 text") from None
    document = _from_toml(file, text) if file.suffix == ".toml" else _from_yaml(file, text)
    try:
        return _Document.model_validate({} if document is None else document).credentials
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsInvalid(f"{file}: {where}: {problem_in(first)}") from None


def _from_toml(file: Path, text: str) -> object:
    import tomllib  # few have such a file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\((at .*)\)$", str(error))
        raise SettingsInvalid(f"{file}: is not TOML{f' {at[1]}' if at else ''}") from None


def _from_yaml(file: Path, text: str) -> object:
    import yaml  # likewise

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise SettingsInvalid(f"{file}: is not YAML{f' at line {mark.line + 1}' if mark else ''}") from None


def _matches(patterns: Iterable[str], names: Iterable[str | None]) -> bool:
    patterns = [pattern.lower() for pattern in patterns]
    known = [name.lower() for name in names if name]
    return not patterns or any(fnmatchcase(name, pattern) for name in known for pattern in patterns)
