"""Private keys, in the forms in which people have them."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from neops.devices import Credentials
from neops.devices.keys import private_key, ready
from neops.entities import Secret
from neops.errors import ConnectFailed

PASSPHRASE = "open sesame"
KINDS: dict[str, Callable[[], Any]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


def written(
    folder: Path, kind: str = "ed25519", form: PrivateFormat = PrivateFormat.OpenSSH, *, encrypted: bool = False
) -> Path:
    protection = BestAvailableEncryption(PASSPHRASE.encode()) if encrypted else NoEncryption()
    file = folder / "key"
    file.write_bytes(KINDS[kind]().private_bytes(Encoding.PEM, form, protection))
    return file


def of(file: Path, passphrase: str | None = None) -> Credentials:
    return Credentials(username="ops", private_key=file, passphrase=Secret(passphrase) if passphrase else None)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        *((kind, PrivateFormat.OpenSSH) for kind in KINDS),
        *((kind, PrivateFormat.PKCS8) for kind in KINDS),
        ("ecdsa", PrivateFormat.TraditionalOpenSSL),
        ("rsa", PrivateFormat.TraditionalOpenSSL),
    ],
)
def test_each_form_becomes_one_that_both_libraries_read(
    kind: str, form: PrivateFormat, encrypted: bool, tmp_path: Path
) -> None:
    key = private_key("r1", of(written(tmp_path, kind, form, encrypted=encrypted), PASSPHRASE if encrypted else None))

    assert key is not None
    theirs = {"ed25519": paramiko.Ed25519Key, "ecdsa": paramiko.ECDSAKey, "rsa": paramiko.RSAKey}[kind]
    read = theirs.from_private_key(io.StringIO(key))
    assert asyncssh.import_private_key(key).export_public_key().split()[1].decode() == read.get_base64()


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
def test_a_passphrase_for_a_key_that_has_none_does_no_harm(form: PrivateFormat, tmp_path: Path) -> None:
    assert private_key("r1", of(written(tmp_path, form=form), "not needed"))


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
@pytest.mark.parametrize("passphrase", [None, "sesame, open"])
def test_a_passphrase_that_is_missing_or_wrong_is_called_so_and_not_shown(
    form: PrivateFormat, passphrase: str | None, tmp_path: Path
) -> None:
    credentials = of(written(tmp_path, form=form, encrypted=True), passphrase)

    with pytest.raises(ConnectFailed, match=r"^r1: the private key .*: its passphrase is missing or wrong$"):
        private_key("r1", credentials)


async def test_a_key_is_made_ready_beside_the_event_loop(tmp_path: Path) -> None:
    credentials = of(written(tmp_path, encrypted=True), PASSPHRASE)
    await ready("r1", credentials)
    started = time.thread_time()

    assert private_key("r1", credentials)
    assert time.thread_time() - started < 0.02  # decrypting takes ten times as long


def test_a_file_that_is_not_there_or_no_key_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("remember the milk")

    with pytest.raises(ConnectFailed, match="No such file or directory"):
        private_key("r1", of(tmp_path / "nowhere"))
    with pytest.raises(ConnectFailed, match="it is no private key"):
        private_key("r1", of(tmp_path / "notes"))


def test_a_key_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    credentials = of(written(tmp_path))
    before = private_key("r1", credentials)

    os.utime(written(tmp_path), ns=(1, 1))

    assert private_key("r1", credentials) != before


def test_without_a_file_there_is_no_key() -> None:
    assert private_key("r1", Credentials(username="ops")) is None
