"""What netmiko is told about SSH private keys and agents."""

from __future__ import annotations

import io
from typing import Any

import paramiko

from neops.devices import Credentials
from neops.devices.keys import private_key
from neops.errors import ConnectFailed


def key_arguments(device: str, credentials: Credentials) -> dict[str, Any]:
    """netmiko's arguments: this key and no other; without any secret those of the agent.

    Raises:
        ConnectFailed: the private key cannot be read.
    """
    if key := private_key(device, credentials):
        return {"pkey": _parsed(device, key), "key_file": None, "use_keys": False, "passphrase": None}
    return {} if credentials.password else {"allow_agent": True}


def _parsed(device: str, key: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(key))
        except paramiko.SSHException:  # of another kind
            continue
    raise ConnectFailed(device, "the private key is of a kind that paramiko does not know")
