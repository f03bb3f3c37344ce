"""SSH private keys for drivers that read the file themselves."""

from __future__ import annotations

from neops.devices import Credentials
from neops.devices.keys import private_key
from neops.errors import ConnectFailed


def key_file(device: str, credentials: Credentials) -> str:
    """The file. Drivers would take the password for its passphrase (paramiko 5).

    Raises:
        ConnectFailed: the private key cannot be read, or only with a passphrase.
    """
    if credentials.passphrase is not None:
        raise ConnectFailed(device, "this driver of NAPALM takes no encrypted key: prefer another plugin")
    private_key(device, credentials)
    return str(credentials.private_key)
