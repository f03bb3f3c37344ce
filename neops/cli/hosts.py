"""Devices that are named on the command line."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from neops.entities import Device
from neops.errors import UsageError

_HOST_PORT = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[^:\s\[\]/@]+))(?::(?P<port>\d{1,5}))?")
MAX_PORT = 65_535


def named_devices(hosts: Iterable[str], username: str | None = None) -> list[Device]:
    """The devices that `host`, `host:port`, `2001:db8::1` and `[2001:db8::1]:port` mean.

    Raises:
        UsageError: one of them has another form.
    """
    return [
        Device(id=number, hostname=host, ip=address, port=port, username=username)
        for number, host in enumerate(dict.fromkeys(hosts), start=1)
        for address, port in (_address(host),)
    ]


def _address(host: str) -> tuple[str, int | None]:
    try:
        return str(ipaddress.IPv6Address(host)), None
    except ValueError:
        match = _HOST_PORT.fullmatch(host)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 1 <= port <= MAX_PORT):
        raise UsageError(f"{host!r}: write a host name or an address, with :port where it is not 22")
    return match["v6"] or match["name"], port
