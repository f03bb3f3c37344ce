"""`NeopsInventory`: the CMS as the inventory of a plain Nornir script. Importing this module imports Nornir."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.error import HTTPError
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from nornir.core.inventory import Inventory
from pydantic import BaseModel, ValidationError

from neops.entities import Device, DeviceGroup, Secret
from neops.errors import InventoryInvalid
from neops_cms_inventory.inventory import to_inventory

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=BaseModel)

PAGE: Final = 1000
"""Entities in one answer; the most that the engine gives."""


class NeopsInventory:
    """The devices of an engine's CMS as a Nornir inventory.

    ```yaml
    inventory:
      plugin: NeopsInventory
      options: {url: "http://127.0.0.1:3030", query: "facts.role:core"}
    ```

    `query` picks devices, in the CMS's query language; without one it is all. `username` and `password` are for hosts
    that have none of their own: the engine shows credentials on its own machine only, at 127.0.0.1 or localhost.
    `timeout` is seconds for each request.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:3030",
        query: str = "",
        *,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InventoryInvalid("NeopsInventory: url is none of an engine, such as http://127.0.0.1:3030")
        userinfo, _, place = parts.netloc.rpartition("@")
        self._url, self._headers = f"{parts.scheme}://{place}{parts.path.rstrip('/')}", _headers(userinfo)
        self._query, self._timeout_s = query, timeout
        self._open = build_opener(ProxyHandler({})).open  # credentials travel: through no proxy, as a worker's requests
        self._username, self._password = username, password

    def load(self) -> Inventory:
        """Read the CMS, page by page.

        Raises:
            InventoryInvalid: the engine cannot be reached, refuses the query, or answers something else.
        """
        inventory = to_inventory(self._devices(), list(self._all("groups", DeviceGroup)))
        inventory.defaults.username = self._username
        inventory.defaults.password = None if self._password is None else Secret(self._password)
        return inventory

    def _devices(self) -> list[Device]:
        try:
            return list(self._all("devices", Device, query=self._query, credentials="true"))
        except _Forbidden:
            logger.warning(
                "the engine shows credentials on its own machine only, at 127.0.0.1 or localhost",
                extra={"engine": self._url},
            )
        return list(self._all("devices", Device, query=self._query))

    def _all(self, kind: str, model: type[E], **parameters: str) -> Iterator[E]:
        cursor: str | None = None
        while True:
            page = self._get(f"/cms/{kind}", {**parameters, "limit": PAGE, **({"cursor": cursor} if cursor else {})})
            try:
                yield from [model.model_validate(item) for item in page["items"]]
                cursor = page["nextCursor"]
            except (KeyError, TypeError, ValidationError) as problem:
                raise InventoryInvalid(f"NeopsInventory: {self._url}/cms/{kind} answers something else") from problem
            if cursor is None:
                return

    def _get(self, path: str, parameters: Mapping[str, object]) -> Any:
        request = Request(f"{self._url}{path}?{urlencode(parameters)}", headers=self._headers)  # noqa: S310  # http only
        try:
            with self._open(request, timeout=self._timeout_s) as answer:
                return json.load(answer)
        except HTTPError as refused:
            with refused:
                raise self._problem(refused) from refused
        except OSError as problem:
            reason = getattr(problem, "reason", None) or problem
            raise InventoryInvalid(f"NeopsInventory: {self._url} cannot be reached: {reason}") from problem
        except ValueError as problem:
            raise InventoryInvalid(f"NeopsInventory: {self._url}{path} answers no JSON") from problem

    def _problem(self, refused: HTTPError) -> InventoryInvalid:
        try:
            reason = json.load(refused)["message"]
        except (OSError, ValueError, KeyError, TypeError):
            reason = refused.reason
        kind = _Forbidden if refused.code == HTTPStatus.FORBIDDEN else InventoryInvalid
        return kind(f"NeopsInventory: {self._url} answers {refused.code}: {reason}")


class _Forbidden(InventoryInvalid):
    pass


def _headers(userinfo: str) -> dict[str, str]:
    """Of every request; `user:password` in the URL is for an engine behind HTTP basic authentication (RFC 7617)."""
    headers = {"Accept": "application/json"}
    if userinfo:
        headers["Authorization"] = f"Basic {base64.b64encode(unquote(userinfo).encode()).decode()}"
    return headers
