"""IP addresses of interfaces, from the forms in which platforms print them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from neops.devices.parsing.reads import Addresses, Answers
from neops.devices.results import AddressDetails, InterfaceAddresses
from neops.errors import ParseFailed

_IPV6_LINE = re.compile(
    r"^(?!IPv6 )(?P<interface>\S+) (?:is |current state ?:)"
    r"|link-local address is (?P<link_local>[0-9A-Fa-f:]+)"
    r"|^\s+(?P<address>[0-9A-Fa-f:]+)(?:/\d+)?, subnet is [0-9A-Fa-f:]+/(?P<length>\d+)"
)

_TIME = re.compile(r"^\w{3} \w{3} +\d+ \d\d:\d\d:\d\d.*$", re.MULTILINE)
"""Above every answer of IOS XR."""


def by_interface(seen: Iterable[tuple[str, str]]) -> Addresses:
    """Addresses by interface and family, from (interface, `192.0.2.1/24` or, without a known length, `192.0.2.1`).

    Raises:
        ValueError: a text is no IP address.
    """
    found: dict[str, tuple[dict[str, AddressDetails], dict[str, AddressDetails]]] = {}
    for interface, text in seen:
        bare, _, length = text.partition("/")
        address = ipaddress.ip_address(bare)
        family = found.setdefault(interface, ({}, {}))[address.version == 6]
        family[str(address)] = AddressDetails(prefix_length=int(length) if length else -1)
    return {name: InterfaceAddresses(ipv4=ipv4, ipv6=ipv6) for name, (ipv4, ipv6) in found.items()}


def with_netmask(address: str, netmask: str) -> str:
    """`192.0.2.1/24` of an address and its dotted netmask."""
    return ipaddress.ip_interface(f"{address}/{netmask}").with_prefixlen


def ipv6_of(answers: Answers, command: str) -> Iterator[tuple[str, str]]:
    """(interface, address) from what IOS, IOS XR and VRP print alike of IPv6 interfaces.

    None of the three tells the length of a link-local address.
    """
    interface = ""
    text = answers.text(command)
    for match in filter(None, map(_IPV6_LINE.search, text.splitlines())):
        if match["interface"]:
            interface = match["interface"]
        else:
            yield interface, match["link_local"] or f"{match['address']}/{match['length']}"
    if _TIME.sub("", text).strip() and not interface:
        raise ParseFailed(answers.device, command, "no line names an interface")
