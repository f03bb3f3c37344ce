"""Getters for sessions that can only send commands: one base class for each capability, joined as a platform allows."""

from __future__ import annotations

from functools import cache
from types import new_class
from typing import Literal, TypeVar, cast

from neops.devices.capabilities import (
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsRoutes,
    ReadsVlans,
    RunsCommands,
)
from neops.devices.parsing.platforms import reads_of
from neops.devices.parsing.reads import (
    Addresses,
    Arp,
    Bgp,
    Interfaces,
    Macs,
    Neighbors,
    RouteQuery,
    Routes,
    Vlans,
)
from neops.devices.parsing.sessions import CommandSession
from neops.devices.results import Configs, Facts

R = TypeVar("R")
S = TypeVar("S", bound=CommandSession)


class ParsedFacts(CommandSession, ReadsFacts):
    """get_facts from the platform's table."""

    async def get_facts(self) -> Facts:
        return await self.read(_known(reads_of(self.platform).facts))


class ParsedInterfaces(CommandSession, ReadsInterfaces):
    """get_interfaces from the platform's table."""

    async def get_interfaces(self) -> Interfaces:
        return await self.read(_known(reads_of(self.platform).interfaces))


class ParsedAddresses(CommandSession, ReadsAddresses):
    """get_interfaces_ip from the platform's table."""

    async def get_interfaces_ip(self) -> Addresses:
        return await self.read(_known(reads_of(self.platform).addresses))


class ParsedNeighbors(CommandSession, ReadsNeighbors):
    """get_lldp_neighbors from the platform's table."""

    async def get_lldp_neighbors(self) -> Neighbors:
        return await self.read(_known(reads_of(self.platform).neighbors))


class ParsedArp(CommandSession, ReadsArp):
    """get_arp_table from the platform's table."""

    async def get_arp_table(self, vrf: str = "") -> Arp:
        return await self.read(_known(reads_of(self.platform).arp)(vrf))


class ParsedMacTable(CommandSession, ReadsMacTable):
    """get_mac_address_table from the platform's table."""

    async def get_mac_address_table(self) -> Macs:
        return await self.read(_known(reads_of(self.platform).macs))


class ParsedVlans(CommandSession, ReadsVlans):
    """get_vlans from the platform's table."""

    async def get_vlans(self) -> Vlans:
        return await self.read(_known(reads_of(self.platform).vlans))


class ParsedBgp(CommandSession, ReadsBgp):
    """get_bgp_neighbors from the platform's table."""

    async def get_bgp_neighbors(self) -> Bgp:
        return await self.read(_known(reads_of(self.platform).bgp))


class ParsedRoutes(CommandSession, ReadsRoutes):
    """get_route_to from the platform's table."""

    async def get_route_to(self, destination: str = "", protocol: str = "", longer: bool = False) -> Routes:
        query = RouteQuery(destination=destination, protocol=protocol.lower(), longer=longer)
        return await self.read(_known(reads_of(self.platform).routes)(query))


class ParsedConfig(CommandSession, ReadsConfig):
    """get_config from the platform's table."""

    async def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Configs:
        config = _known(reads_of(self.platform).config)
        wanted = config.commands if retrieve == "all" else (retrieve,)
        outputs = {}
        for command in (command for name in wanted for command in config.commands.get(name, ())):
            outputs[command] = (await self.send_command(command)).raise_for_status().output
        return config.result(outputs)


def _known(read: R | None) -> R:
    if read is None:
        raise TypeError("this platform has no such read: take the class from session_class()")
    return read


def parsed_capabilities(platform: str) -> frozenset[type]:
    """The capabilities that a CommandSession has on a platform: running commands, and what its table can read."""
    return frozenset({RunsCommands, *(capability for _, capability in _parts(platform))})


def session_class(base: type[S], platform: str) -> type[S]:
    """`base` with the getters of a platform: its bases say to `capabilities_of` exactly what it can do."""
    return cast("type[S]", _joined(base, *(part for part, _ in _parts(platform))))


@cache
def _joined(*bases: type) -> type:
    return new_class(bases[0].__name__, bases) if len(bases) > 1 else bases[0]


def _parts(platform: str) -> list[tuple[type, type]]:
    reads = reads_of(platform)
    known: list[tuple[object, type, type]] = [
        (reads.facts, ParsedFacts, ReadsFacts),
        (reads.interfaces, ParsedInterfaces, ReadsInterfaces),
        (reads.addresses, ParsedAddresses, ReadsAddresses),
        (reads.neighbors, ParsedNeighbors, ReadsNeighbors),
        (reads.arp, ParsedArp, ReadsArp),
        (reads.macs, ParsedMacTable, ReadsMacTable),
        (reads.vlans, ParsedVlans, ReadsVlans),
        (reads.bgp, ParsedBgp, ReadsBgp),
        (reads.routes, ParsedRoutes, ReadsRoutes),
        (reads.config, ParsedConfig, ReadsConfig),
    ]
    return [(part, capability) for read, part, capability in known if read is not None]
