"""Reading what the device is, is connected to, and knows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from neops.devices.results import (
    ArpEntry,
    BgpInstance,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Route,
    Vlan,
)


@runtime_checkable
class ReadsFacts(Protocol):
    """Reads who the device is."""

    @abstractmethod
    def get_facts(self) -> Awaitable[Facts]:
        """Vendor, model, serial number, software version, uptime, host name and interfaces."""
        ...


@runtime_checkable
class ReadsInterfaces(Protocol):
    """Reads the state of interfaces."""

    @abstractmethod
    def get_interfaces(self) -> Awaitable[Mapping[str, InterfaceDetails]]:
        """Interfaces by name, in the device's order."""
        ...


@runtime_checkable
class ReadsAddresses(Protocol):
    """Reads the IP addresses of interfaces.

    Apart from ReadsInterfaces, because devices and libraries tell the one without the other.
    """

    @abstractmethod
    def get_interfaces_ip(self) -> Awaitable[Mapping[str, InterfaceAddresses]]:
        """Addresses by interface; interfaces without any are left out."""
        ...


@runtime_checkable
class ReadsNeighbors(Protocol):
    """Reads who is on the other end of the links."""

    @abstractmethod
    def get_lldp_neighbors(self) -> Awaitable[Mapping[str, Sequence[LldpNeighbor]]]:
        """LLDP neighbours by local interface; interfaces without a neighbour are left out."""
        ...


@runtime_checkable
class ReadsArp(Protocol):
    """Reads which MAC address answers for which IPv4 address."""

    @abstractmethod
    def get_arp_table(self, vrf: str = "") -> Awaitable[Sequence[ArpEntry]]:
        """Resolved entries in the device's order.

        `vrf` names one VRF. Without it the answer is what the device shows unasked: the default VRF on most platforms,
        all of them on Junos, SR Linux, AOS-CX and VRP.
        """
        ...


@runtime_checkable
class ReadsMacTable(Protocol):
    """Reads behind which port a switch has seen which MAC address."""

    @abstractmethod
    def get_mac_address_table(self) -> Awaitable[Sequence[MacEntry]]:
        """Entries in the device's order; an address that is seen on several ports has several."""
        ...


@runtime_checkable
class ReadsVlans(Protocol):
    """Reads the VLANs of a switch."""

    @abstractmethod
    def get_vlans(self) -> Awaitable[Mapping[str, Vlan]]:
        """VLANs by number as text (`"10"`), in the device's order."""
        ...


@runtime_checkable
class ReadsBgp(Protocol):
    """Reads the state of BGP."""

    @abstractmethod
    def get_bgp_neighbors(self) -> Awaitable[Mapping[str, BgpInstance]]:
        """BGP by VRF, the default one under `global`; empty when the device does not speak BGP."""
        ...


@runtime_checkable
class ReadsRoutes(Protocol):
    """Reads the routing table."""

    @abstractmethod
    def get_route_to(
        self, destination: str = "", protocol: str = "", longer: bool = False
    ) -> Awaitable[Mapping[str, Sequence[Route]]]:
        """Routes by prefix, the used and the unused ones.

        `destination` is an address, which gives its longest match, or a prefix; empty gives the whole table, which may
        be long. `longer` adds the more specific routes of a prefix, `protocol` (`bgp`) leaves out others.
        """
        ...
