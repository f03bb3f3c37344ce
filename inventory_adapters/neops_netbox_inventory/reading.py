"""Reads NetBox's REST API through pynetbox's session, page by page, as plain objects.

pynetbox's records cost several times as much as the pages they come from (pynetbox 7): its requests are used without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pynetbox
import requests
from pynetbox.core.query import Request
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry

from neops.errors import InventoryInvalid

if TYPE_CHECKING:
    from neops.entities import LoadProgress

Record = Mapping[str, Any]

PAGE = 1000
"""NetBox's MAX_PAGE_SIZE unless an administrator changed it."""
_AT_ONCE: Final = 100
"""Ids or names in one query string; web servers take 4 to 8 KiB of it."""
_TIMEOUT_S: Final = 60.0
_OVERLAP: Final = timedelta(minutes=5)
"""NetBox stamps a record when it is saved and shows it when its transaction ends, which is later for bulk changes."""
_BUSY: Final = (429, 502, 503, 504)
_RETRIES: Final = 4
_RETRY_AFTER_MAX_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read. `cursor` is the newest change among it, or where the reading began."""

    devices: list[Record]
    interfaces: list[Record]
    names: Mapping[int, str]
    """Names of the devices by id, also of those whose interfaces alone were read."""
    first: Mapping[str, int]
    """Of names that several devices may have, the lowest id: that device is the one of this name."""
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

    def __str__(self) -> str:
        return f"netbox:{self._url}"

    @classmethod
    def of(cls, source: str, token: str | None) -> NetBox:
        """The NetBox at a URL.

        Raises:
            InventoryInvalid: it is no URL.
        """
        parts = urlsplit(source)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InventoryInvalid(f"inventory netbox:{source}: write netbox:https://…")
        if "@" in parts.netloc:
            raise InventoryInvalid(
                "inventory netbox: the URL would be kept with its password; NETBOX_TOKEN is for that"
            )
        filters = parse_qs(parts.query)
        interfaces = filters.pop("interfaces", ["true"])[-1] != "false"
        path = parts.path.rstrip("/").removesuffix("/api")
        return cls(urlunsplit((parts.scheme, parts.netloc, path, "", "")), token, filters, interfaces=interfaces)

    def read(self, since: str | None, progress: LoadProgress | None) -> Read:
        """Everything, or what changed after `since`.

        Raises:
            InventoryInvalid: NetBox does not answer, or not as NetBox does.
        """
        changed = {"last_updated__gt": _a_little_before(since)} if since else {}
        try:
            wanted = {**self._filters, **changed, "exclude": "config_context"}
            devices = list(self._pages("dcim/devices", wanted, progress))
            interfaces = list(self._ports(devices, changed, progress)) if self._interfaces else []
            names = {
                one["id"]: one["name"] for one in (*(port["device"] for port in interfaces), *devices) if one["name"]
            }
            first = self._first(sorted({*names.values()})) if since else {}
        except (requests.RequestException, pynetbox.RequestError, pynetbox.ContentError) as problem:
            raise InventoryInvalid(f"inventory {self}: {_reason(problem)}") from problem
        stamps = [one["last_updated"] for one in (*devices, *interfaces) if one.get("last_updated")]
        return Read(
            devices=devices,
            interfaces=interfaces,
            names=names,
            first=first,
            cursor=max([*stamps, since or ""]) or None,
            origin=None if self._filters else str(self),
            complete=not self._filters and not since,
        )

    def _first(self, names: list[str]) -> dict[str, int]:
        """NetBox keeps names apart by site and tenant only; a full read shows all that share one, this one does not."""
        first: dict[str, int] = {}
        for start in range(0, len(names), _AT_ONCE):
            wanted = {**self._filters, "name": names[start : start + _AT_ONCE], "brief": "true"}
            for device in self._pages("dcim/devices", wanted, None):
                first.setdefault(device["name"], device["id"])
        return first

    def _ports(
        self, devices: list[Record], changed: Mapping[str, str], progress: LoadProgress | None
    ) -> Iterator[Record]:
        if not self._filters:
            yield from self._pages("dcim/interfaces", changed, progress)
            return
        ids = [device["id"] for device in devices]
        for start in range(0, len(ids), _AT_ONCE):
            chosen = {"device_id": ids[start : start + _AT_ONCE]}
            yield from self._pages("dcim/interfaces", chosen, progress)

    def _pages(self, endpoint: str, filters: Mapping[str, Any], progress: LoadProgress | None) -> Iterator[Record]:
        """By id, not by offset: what is deleted meanwhile moves nothing from a page to come to one that was read."""
        done = last = 0
        while True:
            page, left = self._page(endpoint, {**filters, "id__gt": last})
            if page and page[0]["id"] <= last:
                raise InventoryInvalid(f"inventory {self}: it does not know the filter id__gt")
            yield from page
            done += len(page)
            if progress is not None and page:
                progress(endpoint.rpartition("/")[2], done, done - len(page) + left)
            if len(page) == left:
                return
            if not page:
                raise InventoryInvalid(f"inventory {self}: it counts {left} more {endpoint}, and gives none")
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
    """Asks a busy NetBox again, and gives up on one that does not answer: requests itself waits for ever."""

    def __init__(self) -> None:
        super().__init__()
        retries = _Retry(
            total=_RETRIES, connect=0, read=1, status_forcelist=_BUSY, backoff_factor=0.5, raise_on_status=False
        )
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=retries))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", _TIMEOUT_S)
        return super().request(method, url, *args, **kwargs)


class _Retry(Retry):
    """Waits as long as NetBox asks for, within reason."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, _RETRY_AFTER_MAX_S)


def _a_little_before(stamp: str) -> str:
    return (datetime.fromisoformat(stamp) - _OVERLAP).isoformat()


def _reason(problem: Exception) -> str:
    if isinstance(problem, pynetbox.RequestError) and problem.req.status_code in (401, 403):
        return f"{problem.req.status_code} {problem.req.reason}: set NETBOX_TOKEN to a token that may read devices"
    text = problem.error if isinstance(problem, pynetbox.ContentError) else str(problem)
    return " ".join(text.split())
