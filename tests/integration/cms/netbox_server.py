"""A server that pages like NetBox's REST API: limit and offset, count and next, at most 1,000 a page.

`python -m tests.integration.cms.netbox_server 30000` serves so many devices until its stdin ends.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Record = dict[str, Any]

PAGE_MAX = 1000
TOKEN = "0123456789abcdef0123456789abcdef01234567"
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_PLATFORMS = (("ios", "Cisco IOS"), ("arista-eos", "Arista EOS"), ("junos", "Juniper Junos"))
_ROLES = ("core", "distribution", "access")
_TAGS = ("prod", "lab", "pci")


class FakeNetBox:
    """What the server answers from; change `devices` and `interfaces` while it runs."""

    def __init__(self, devices: int, interfaces: int = 1) -> None:
        self.devices = [_device(number) for number in range(1, devices + 1)]
        self.interfaces = [
            _interface(device, number * interfaces + port, f"Ethernet{port}")
            for number, device in enumerate(self.devices)
            for port in range(1, interfaces + 1)
        ]
        self.requests: list[str] = []
        self.busy: list[int] = []
        """Statuses of the next answers, in place of what was asked for."""

    def touch(self, record: Record, **fields: Any) -> None:
        """Change a record as a person would in NetBox."""
        newest = max(one["last_updated"] for one in (*self.devices, *self.interfaces))
        record |= fields | {"last_updated": (datetime.fromisoformat(newest) + timedelta(seconds=1)).isoformat()}

    @contextmanager
    def served(self) -> Iterator[str]:
        """Listen on loopback; its URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="netbox", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, path: str, query: dict[str, list[str]], base: str) -> Record | None:
        known = {"/api/dcim/devices/": self.devices, "/api/dcim/interfaces/": self.interfaces}
        if path not in known:
            return None
        records = [one for one in known[path] if _matches(one, query)]
        limit = min(int(query.get("limit", ["50"])[0]) or PAGE_MAX, PAGE_MAX)
        offset = int(query.get("offset", ["0"])[0])
        following = urlencode(query | {"limit": [limit], "offset": [offset + limit]}, doseq=True)
        return {
            "count": len(records),
            "next": f"{base}{path}?{following}" if offset + limit < len(records) else None,
            "previous": None,
            "results": records[offset : offset + limit],
        }


def _matches(record: Record, query: dict[str, list[str]]) -> bool:
    since, sites, ids = query.get("last_updated__gt"), query.get("site"), query.get("device_id")
    names = query.get("name")
    return (
        (names is None or record["name"] in names)
        and record["id"] > int(query.get("id__gt", ["0"])[0])
        and (since is None or record["last_updated"] > since[0])
        and (sites is None or record["site"]["slug"] in sites)
        and (ids is None or str(record["device"]["id"]) in ids)
    )


def _handler(netbox: FakeNetBox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one segment an answer, not one a header line

        def do_GET(self) -> None:
            netbox.requests.append(self.path)
            parts = urlsplit(self.path)
            if netbox.busy:
                self._send(netbox.busy.pop(0), {"detail": "Request was throttled."})
                return
            if self.headers["Authorization"] != f"Token {TOKEN}":
                self._send(403, {"detail": "Authentication credentials were not provided."})
                return
            found = netbox.answer(parts.path, parse_qs(parts.query), f"http://{self.headers['Host']}")
            self._send(*((200, found) if found is not None else (404, {"detail": "Not found."})))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def _send(self, status: int, body: Record) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status in (429, 503):
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _device(number: int) -> Record:
    role, platform = _ROLES[number % 3], _PLATFORMS[number % 3]
    return {
        "id": number,
        "url": f"https://netbox.example.net/api/dcim/devices/{number}/",
        "display": f"r{number:05d}",
        "name": f"r{number:05d}",
        "device_type": {"id": 1, "manufacturer": {"id": 1, "name": "Cisco", "slug": "cisco"}, "model": "ASR1001-X"},
        "role": _brief(role),
        "tenant": None,
        "platform": {"id": 1, "name": platform[1], "slug": platform[0]},
        "serial": f"FDO{number:08d}",
        "asset_tag": None,
        "site": _brief(f"site-{number % 200}"),
        "location": _brief("row-1"),
        "rack": {"id": 1, "display": "R1", "name": "R1"},
        "status": {"value": "active", "label": "Active"},
        "primary_ip": {"id": number, "family": {"value": 4}, "address": f"{_address(number)}/24"},
        "tags": _tags([_TAGS[number % 3]]),
        "custom_fields": {"owner": "noc", "support_until": None},
        "created": _BEGINNING.isoformat(),
        "last_updated": (_BEGINNING + timedelta(minutes=10 * number)).isoformat(),
    }


def _interface(device: Record, number: int, name: str) -> Record:
    return {
        "id": number,
        "url": f"https://netbox.example.net/api/dcim/interfaces/{number}/",
        "device": {"id": device["id"], "display": device["name"], "name": device["name"]},
        "name": name,
        "type": {"value": "10gbase-x-sfpp", "label": "SFP+ (10GE)"},
        "enabled": True,
        "mtu": 9000,
        "mac_address": None,
        "mgmt_only": False,
        "description": "uplink",
        "last_updated": device["last_updated"],
    }


def _brief(slug: str) -> Record:
    return {"id": 1, "display": slug.title(), "name": slug.title(), "slug": slug}


def _tags(slugs: Sequence[str]) -> list[Record]:
    return [{**_brief(slug), "color": "9e9e9e"} for slug in slugs]


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


if __name__ == "__main__":
    with FakeNetBox(int(sys.argv[1])).served() as listening:
        print(listening, flush=True)
        sys.stdin.read()
