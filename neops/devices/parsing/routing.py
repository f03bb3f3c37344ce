"""Which routes of a table answer a question; for platforms whose whole table is read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable

from neops.devices.parsing.reads import Answers, Read, RouteQuery, Routes
from neops.devices.parsing.textfsm import Row
from neops.devices.results import Route

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


PROTOCOLS = {
    "B": "bgp",
    "C": "connected",
    "D": "eigrp",
    "L": "local",
    "O": "ospf",
    "R": "rip",
    "S": "static",
    "i": "isis",
}
"""The letters with which IOS and IOS XR mark a route."""


def network_of(query: RouteQuery) -> Network | None:
    """The destination as a network, None for the whole table; call it before anything is sent.

    Raises:
        ValueError: the destination is neither an address nor a prefix, or the protocol is not one word.
    """
    if query.protocol and not re.fullmatch(r"[a-z][a-z0-9-]*", query.protocol):
        raise ValueError(f"{query.protocol!r} is not the name of a routing protocol")
    return ipaddress.ip_network(query.destination, strict=False) if query.destination else None


def families_of(query: RouteQuery) -> tuple[int, ...]:
    """The IP versions that the query is about: of the whole table both. Raises what `network_of` raises."""
    network = network_of(query)
    return (4, 6) if network is None else (network.version,)


def ipv4_table(command: str, query: RouteQuery, route: Callable[[Row], Route], heading: str = "") -> Read[Routes]:
    """Routes out of the rows of a command's template, which knows IPv4 and the default VRF.

    Raises:
        ValueError: the query makes no sense; see `network_of`.
    """
    network_of(query)

    def parse(answers: Answers) -> Routes:
        rows = [row for row in answers.rows(command, heading) if row["network"]]  # none after NX-OS's "Route not found"
        return chosen(((f"{row['network']}/{row['prefix_length']}", route(row)) for row in rows), query)

    return Read(commands=(command,), parse=parse)


def chosen(routes: Iterable[tuple[str, Route]], query: RouteQuery) -> Routes:
    """The routes that the query asks for, by prefix; an address is answered by its longest match."""
    table: dict[Network, list[Route]] = {}
    for prefix, route in routes:
        table.setdefault(ipaddress.ip_network(prefix, strict=False), []).append(route)
    wanted = {
        prefix: [one for one in table[prefix] if query.protocol in ("", one.protocol)] for prefix in _of(table, query)
    }
    return {str(prefix): ways for prefix, ways in wanted.items() if ways}


def _of(table: Iterable[Network], query: RouteQuery) -> list[Network]:
    target = network_of(query)
    if target is None:
        return list(table)
    if "/" in query.destination:
        return [one for one in table if one == target or (query.longer and _within(one, target))]
    covering = [one for one in table if _within(target, one)]
    return [one for one in covering if one.prefixlen == max(other.prefixlen for other in covering)]


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # of one family
