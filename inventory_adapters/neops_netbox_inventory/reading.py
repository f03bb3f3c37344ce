"""Reads NetBox's REST API through pynetbox's session, page by page, as plain objects.

pynetbox's records cost several times as much as the pages they come from (pynetbox 7): its requests are used without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pynetbox
import requests
from pynetbox.core.query import Request

from neops.errors import InventoryInvalid

if TYPE_CHECKING:
    from neops.entities import LoadProgress

Record = Mapping[str, Any]

PAGE = 1000
"""NetBox's MAX_PAGE_SIZE unless an administrator changed it."""
_DEVICES_AT_ONCE = 100
"""Ids in one query string; web servers take 4 to 8 KiB of it."""
_TIMEOUT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read. `cursor` is the newest change among it, or where the reading began."""

    devices: list[Record]
    interfaces: list[Record]
    names: Mapping[int, str]
    """Names of the devices by id, also of those whose interfaces alone were read."""
    cursor: str | None
    origin: str | None
    """The NetBox, None where a filter chose among its devices."""
    complete: bool
    """These are all devices of the NetBox."""


class NetBox:
    """One NetBox."""

    def __init__(self, url: str, token: str | None, filters: Mapping[str, list[str]], *, interfaces: bool) -> None:
        self._url, self._filters, self._interfaces = url, filters, interfaces
        self._api = pynetbox.api(url, token=token)
        self._api.http_session = _Session()

    @classmethod
    def of(cls, source: str, token: str | None) -> NetBox:
        """The NetBox at a URL.

        Raises:
            InventoryInvalid: it is no URL.
        """
        parts = urlsplit(source)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InventoryInvalid(f"inventory netbox:{source}: write netbox:https://…")
        filters = parse_qs(parts.query)
        interfaces = filters.pop("interfaces", ["true"])[-1] != "false"
        path = parts.path.rstrip("/").removesuffix("/api")
        return cls(urlunsplit((parts.scheme, parts.netloc, path, "", "")), token, filters, interfaces=interfaces)

    def read(self, since: str | None, progress: LoadProgress | None) -> Read:
        """Everything, or what changed after `since`.

        Raises:
            InventoryInvalid: NetBox does not answer, or not as NetBox does.
        """
        changed = {"last_updated__gt": since} if since else {}
        try:
            wanted = {**self._filters, **changed, "exclude": "config_context"}
            devices = list(self._pages("dcim/devices", wanted, progress))
            interfaces = list(self._ports(devices, changed, progress)) if self._interfaces else []
        except (requests.RequestException, pynetbox.RequestError, pynetbox.ContentError) as problem:
            raise InventoryInvalid(f"inventory netbox:{self._url}: {_reason(problem)}") from problem
        stamps = [one["last_updated"] for one in (*devices, *interfaces) if one.get("last_updated")]
        names = {port["device"]["id"]: port["device"]["name"] for port in interfaces if port["device"].get("name")}
        return Read(
            devices=devices,
            interfaces=interfaces,
            names=names,
            cursor=max([*stamps, since or ""]) or None,
            origin=None if self._filters else f"netbox:{self._url}",
            complete=not self._filters and not since,
        )

    def _ports(
        self, devices: list[Record], changed: Mapping[str, str], progress: LoadProgress | None
    ) -> Iterator[Record]:
        if not self._filters:
            yield from self._pages("dcim/interfaces", changed, progress)
            return
        ids = [device["id"] for device in devices]
        for start in range(0, len(ids), _DEVICES_AT_ONCE):
            chosen = {"device_id": ids[start : start + _DEVICES_AT_ONCE]}
            yield from self._pages("dcim/interfaces", chosen, progress)

    def _pages(self, endpoint: str, filters: Mapping[str, Any], progress: LoadProgress | None) -> Iterator[Record]:
        """By id, not by offset: what is deleted meanwhile moves nothing from a page to come to one that was read."""
        done = last = 0
        while True:
            page, left = self._page(endpoint, {**filters, "id__gt": last})
            if page and page[0]["id"] <= last:
                raise InventoryInvalid(f"inventory netbox:{self._url}: it does not know the filter id__gt")
            yield from page
            done += len(page)
            if progress is not None and page:
                progress(endpoint.rpartition("/")[2], done, done - len(page) + left)
            if len(page) == left:
                return
            if not page:
                raise InventoryInvalid(
                    f"inventory netbox:{self._url}: it counts {left} more {endpoint}, and gives none"
                )
            last = page[-1]["id"]

    def _page(self, endpoint: str, filters: Mapping[str, Any]) -> tuple[list[Record], int]:
        """One page, and how many records match from its beginning on."""
        request = Request(
            base=f"{self._api.base_url}/{endpoint}/",
            http_session=self._api.http_session,
            token=self._api.token,
            filters={**filters, "ordering": "id"},
            limit=PAGE,
            offset=0,
        )
        page = list(request.get())
        return page, int(request.count)


class _Session(requests.Session):
    """Gives up on a NetBox that does not answer: requests itself waits for ever."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", _TIMEOUT_S)
        return super().request(method, url, *args, **kwargs)


def _reason(problem: Exception) -> str:
    if isinstance(problem, pynetbox.RequestError) and problem.req.status_code in (401, 403):
        return f"{problem.req.status_code} {problem.req.reason}: set NETBOX_TOKEN to a token that may read devices"
    text = problem.error if isinstance(problem, pynetbox.ContentError) else str(problem)
    return " ".join(text.split())
