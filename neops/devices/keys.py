"""SSH private keys, read for whatever library then logs in with them."""

from __future__ import annotations

import threading
from functools import cache, partial
from pathlib import Path
from typing import Final

from neops.concurrency import in_thread
from neops.devices.plugin import Credentials
from neops.errors import ConnectFailed

WRONG_PASSPHRASE: Final = "its passphrase is missing or wrong"  # noqa: S105  # words about one

OPENSSH: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"

NOT_ENCRYPTED: Final = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
"""How OpenSSH's form begins when its cipher is `none` (PROTOCOL.key of OpenSSH 9, base64)."""


def private_key(device: str, credentials: Credentials) -> str | None:
    """The private key, decrypted, in OpenSSH's own form; None when there is none.

    Decrypting takes 0.1 s and more (bcrypt_pbkdf, 16 or 24 rounds of ssh-keygen): it is done once for each file, and
    again when the file has changed. Await `ready` first where an event loop would wait.

    Raises:
        ConnectFailed: the file cannot be read, is no private key, or the passphrase is missing or wrong.
    """
    file, passphrase = credentials.private_key, credentials.passphrase
    if file is None:
        return None
    try:
        return _key_files().read(file, passphrase.reveal() if passphrase else None)
    except (OSError, ValueError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConnectFailed(device, f"the private key {file} cannot be used: {problem}") from None


async def ready(device: str, credentials: Credentials) -> None:
    """Let a thread decrypt the key, so that `private_key` gives it at once.

    Raises:
        ConnectFailed: as `private_key`.
    """
    if credentials.private_key and credentials.passphrase:
        await in_thread(partial(private_key, device, credentials))


class _KeyFiles:
    """The keys that were read in this process. One thread reads; others that want the same key wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[tuple[Path, str | None], tuple[int, str]] = {}

    def read(self, file: Path, passphrase: str | None) -> str:
        changed = file.stat().st_mtime_ns
        with self._lock:
            read = self._read.get((file, passphrase))
            if read is None or read[0] != changed:
                read = self._read[file, passphrase] = changed, _decrypted(file.read_bytes(), passphrase)
        return read[1]


@cache
def _key_files() -> _KeyFiles:
    return _KeyFiles()


def _decrypted(text: bytes, passphrase: str | None) -> str:
    from cryptography.hazmat.primitives import serialization  # comes with asyncssh and with paramiko

    load = serialization.load_ssh_private_key if OPENSSH in text else serialization.load_pem_private_key
    encrypted = b"ENCRYPTED" in text or (OPENSSH in text and NOT_ENCRYPTED not in text)
    secret = passphrase.encode() if passphrase and encrypted else None  # one that is not needed is refused
    try:
        key = load(text, secret)
    except (TypeError, ValueError) as error:
        if b"PRIVATE KEY-----" not in text:
            raise ValueError("it is no private key") from error
        raise ValueError(WRONG_PASSPHRASE) from error
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, plain).decode()
