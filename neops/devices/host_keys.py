"""Known SSH host keys, in OpenSSH's known_hosts form (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").

A plugin asks `check_host_key` before the password leaves, where its library has a hook for that; where the library
only reads a file, `strict_excerpt` gives it one that holds this host alone. Certificate authorities
(`@cert-authority`) are not looked at: a host that has only a certificate counts as unknown.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from neops.devices.plugin import SSH_PORT as SSH_PORT
from neops.devices.plugin import HostKeys
from neops.errors import HostKeyRejected

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type (`ssh-ed25519`) and its blob of RFC 4253 §6.6 in base64."""

    type: str
    blob: str

    @classmethod
    def of(cls, line: str) -> HostKey:
        """The key in a line such as `ssh-ed25519 AAAA… comment`."""
        kind, blob, *_ = line.split()
        return cls(kind, blob)

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def host_name(host: str, port: int | None) -> str:
    """The name that known_hosts has for a host: `r1`, or `[r1]:2222` away from port 22."""
    return host.lower() if port in (None, SSH_PORT) else f"[{host.lower()}]:{port}"


class KnownHosts:
    """One known_hosts file, shared by sessions and threads; read again only when somebody else changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._index = _Index()
        self._stamp: tuple[int, int] | None = None

    def keys(self, host: str, port: int | None = None) -> tuple[HostKey, ...]:
        """The keys known for a host, in the file's order; a revoked key is not among them."""
        lines = self._lines(host, port)
        revoked = {line.key for line in lines if line.marker == "@revoked"}
        return tuple(line.key for line in lines if not line.marker and line.key not in revoked)

    def is_revoked(self, host: str, port: int | None, key: HostKey) -> bool:
        """Whether the file calls this key compromised."""
        return any(line.marker == "@revoked" and line.key == key for line in self._lines(host, port))

    def remember(self, host: str, port: int | None, key: HostKey) -> None:
        """Add the key of a host unless a key of it is known by now.

        Other processes may do the same at the same moment: the file is locked and read again before it is appended
        to, so the first one wins.
        """
        name = host_name(host, port)
        with self._lock:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._refresh()
                if any(not line.marker for line in self._index.lines(name)):
                    return
                file.write(f"{_line_break(file)}{name} {key.type} {key.blob}\n".encode())
                file.flush()
                self._index.add(_Line("", (name,), key))
                self._stamp = _stamp(self.path)
        logger.info("a new SSH host key was remembered", extra={"host": name, "fingerprint": key.fingerprint})

    def _lines(self, host: str, port: int | None) -> list[_Line]:
        with self._lock:
            self._refresh()
            return self._index.lines(host_name(host, port))

    def _refresh(self) -> None:
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return
        self._index, self._stamp = _Index(), stamp
        if stamp is not None:
            for text in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line := _parse(text):
                    self._index.add(line)


def known_hosts(path: Path | None = None) -> KnownHosts:
    """The file at `path`, one object per process; None is the user's own `~/.ssh/known_hosts`."""
    return _shared(path or Path.home() / ".ssh" / "known_hosts")


@cache
def _shared(path: Path) -> KnownHosts:
    return KnownHosts(path)


def check_host_key(device: str, host: str, port: int | None, shown: HostKey, host_keys: HostKeys) -> None:
    """Let the key pass that a host shows, or raise; a new one is remembered under `accept-new`.

    Raises:
        HostKeyRejected: the key is not the known one, is revoked, or is new under `strict`; or the file cannot be used.
    """
    if host_keys.policy == "off":
        return
    file = known_hosts(host_keys.known_hosts)
    with _usable(device, file):
        known = file.keys(host, port)
        if not known and host_keys.policy == "accept-new" and not file.is_revoked(host, port, shown):
            file.remember(host, port, shown)
            known = file.keys(host, port)
        if shown not in known:
            raise rejection(device, host, port, shown, file)


@contextmanager
def _usable(device: str, file: KnownHosts) -> Iterator[None]:
    """What is wrong with our own file is not the device's: a full disk must not look like an unreachable device."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = "free or correct it, or name another known_hosts file"
        raise HostKeyRejected(device, f"known host keys: {file.path} cannot be used: {reason}; {advice}") from error


def rejection(device: str, host: str, port: int | None, shown: HostKey, file: KnownHosts) -> HostKeyRejected:
    """What to tell about a key that is not in the file: for a library that has compared by itself."""
    name, known = host_name(host, port), file.keys(host, port)
    shows = f"{name} shows the SSH host key {shown.fingerprint} ({shown.type})"
    if not known:
        advice = f"check it, then add it to {file.path} or set the host key policy to accept-new"
        return HostKeyRejected(device, f"{shows}, which is unknown; {advice}")
    advice = f"if the new key is right, remove the old one with: ssh-keygen -R '{name}' -f {file.path}"
    fingerprints = ", ".join(key.fingerprint for key in known)
    return HostKeyRejected(device, f"{shows}, but {file.path} knows {fingerprints}: another machine? {advice}")


@contextmanager
def strict_excerpt(
    device: str,
    host: str,
    port: int | None,
    host_keys: HostKeys,
    fetch: Callable[[], HostKey],
    also_as: str = "",
) -> Iterator[Path]:
    """A known_hosts file with this host alone, for a library that checks strictly against a file.

    `also_as` is another name that the library looks for, when it is told to connect somewhere else.

    Under `accept-new` a host that is not known yet is asked for its key first, with `fetch`: one more key exchange,
    without a login. Not for the policy `off`.

    Raises:
        HostKeyRejected: `strict`, and no key is known; or the file cannot be used.
    """
    file = known_hosts(host_keys.known_hosts)
    with _usable(device, file):
        known = file.keys(host, port)
    if not known:
        check_host_key(device, host, port, fetch(), host_keys)
        known = file.keys(host, port)
    with TemporaryDirectory(prefix="neops-known-hosts-") as folder:
        path = Path(folder) / "known_hosts"
        name = ",".join(filter(None, (host_name(host, port), also_as)))
        path.write_text("".join(f"{name} {key.type} {key.blob}\n" for key in known))
        yield path


@dataclass(frozen=True)
class _Line:
    marker: str
    names: tuple[str, ...]
    key: HostKey

    @property
    def is_plain(self) -> bool:
        return not any(name.startswith("!") or "*" in name or "?" in name for name in self.names)

    def matches(self, name: str) -> bool:
        """Whether a pattern names the host and none denies it (`!name`)."""
        if any(pattern.startswith("!") and _matches(name, pattern[1:]) for pattern in self.names):
            return False
        return any(_matches(name, pattern) for pattern in self.names)


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.replace("[", "[[]"))


@dataclass
class _Index:
    """A parsed file: plain names are found at once, patterns and hashed names are tried one by one, once for a host."""

    plain: dict[str, list[_Line]] = field(default_factory=dict)
    patterns: list[_Line] = field(default_factory=list)
    hashed: list[tuple[bytes, bytes, _Line]] = field(default_factory=list)
    tried: dict[str, list[_Line]] = field(default_factory=dict)

    def add(self, line: _Line) -> None:
        if line.is_plain and not line.names[0].startswith("|"):
            for name in line.names:
                self.plain.setdefault(name, []).append(line)
            return
        self.tried.clear()
        if line.is_plain:
            _, _, salt, digest = line.names[0].split("|", 3)
            self.hashed.append((base64.b64decode(salt), base64.b64decode(digest), line))
        else:
            self.patterns.append(line)

    def lines(self, name: str) -> list[_Line]:
        if name not in self.tried:
            self.tried[name] = [line for line in self.patterns if line.matches(name)]
            if self.hashed:
                shown = name.encode()
                self.tried[name] += [
                    line for salt, digest, line in self.hashed if hmac.digest(salt, shown, "sha1") == digest
                ]
        return [*self.plain.get(name, ()), *self.tried[name]]


_LINE = re.compile(
    r"(?:(?P<marker>@\S+)\s+)?(?P<names>[^\s#]\S*)\s+(?P<type>[a-z]\S*)\s+(?P<blob>[A-Za-z0-9+/]{16,}=*)"
)
_HASHED = re.compile(r"\|1\|[A-Za-z0-9+/]+=*\|[A-Za-z0-9+/]+=*")


def _parse(text: str) -> _Line | None:
    """A line of the file; None for a comment and for what no OpenSSH wrote."""
    match = _LINE.match(text.strip())
    if match is None:
        return None
    hashed = match["names"].startswith("|")
    if hashed and not _HASHED.fullmatch(match["names"]):
        return None
    names = (match["names"],) if hashed else tuple(match["names"].lower().split(","))
    return _Line(match["marker"] or "", names, HostKey(match["type"], match["blob"]))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def _line_break(file: IO[bytes]) -> str:
    """What has to come before a new line: nothing, or the line break that the last line lacks."""
    if file.seek(0, os.SEEK_END) == 0:
        return ""
    file.seek(-1, os.SEEK_END)
    return "" if file.read(1) == b"\n" else "\n"
