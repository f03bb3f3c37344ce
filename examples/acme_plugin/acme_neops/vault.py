"""Credentials from Acme's vault: `GET ACME_VAULT/v1/credentials/DEVICE` answers `{"username": …, "password": …}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from neops.devices import Credentials
from neops.entities import Device, Secret

TIMEOUT_S = 5.0


class AcmeVault:
    """Asked where `NEOPS_CREDENTIALS` names `acme_vault`. ACME_VAULT is the URL, ACME_VAULT_TOKEN lets us in."""

    name = "acme_vault"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._url = environment["ACME_VAULT"].rstrip("/")
        self._token = environment["ACME_VAULT_TOKEN"]

    def credentials(self, device: Device, known: Credentials, /) -> Credentials | None:
        """Blocks, which it may: neops calls a plain method in a thread, and waits no longer than it is set to."""
        asked = Request(  # noqa: S310  # the operator's own URL
            f"{self._url}/v1/credentials/{quote(device.name, safe='')}",
            headers={"Authorization": f"Bearer {self._token}"},
        )
        try:
            with urlopen(asked, timeout=TIMEOUT_S) as answer:  # noqa: S310
                found = json.load(answer)
        except HTTPError as error:
            with error:
                if error.code == 404:  # the vault knows no such device: the next provider may
                    return None
                raise
        return Credentials(
            username=found["username"],
            password=Secret(found["password"]),
            enable_secret=known.enable_secret,
        )
