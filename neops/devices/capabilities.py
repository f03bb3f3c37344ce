"""What a block can ask of a device, whatever its vendor.

A capability is a small Protocol with awaitable methods. Compose the ones a block needs:

    class Backup(ReadsConfig, RunsCommands, Protocol): ...

    router = context.connect(Backup)

A session subclasses the capabilities it implements, so that the type checker compares the signatures and
`capabilities_of` decides before any login which plugin can serve a device. Methods are declared as returning an
`Awaitable`: a native async session writes `async def`, a session over a blocking library `@run_in_thread def`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, Literal, Protocol, cast, runtime_checkable

from neops.devices.config_change import ChangeMode, ConfigChange
from neops.devices.results import (
    ArpEntry,
    BgpInstance,
    CommandOutput,
    Configs,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Parse,
    Route,
    Vlan,
)


@runtime_checkable
class RunsCommands(Protocol):
    """Runs operational commands in the most privileged mode that the credentials give."""

    @abstractmethod
    def send_command(self, command: str, *, parse: Parse | None = None) -> Awaitable[CommandOutput]:
        """Send one command and wait for the prompt.

        A rejected command is an answer, not an exception: look at `rejected` or call `raise_for_status()`.

        Raises:
            ParseFailed: `parse` was asked and the output does not match, or no template is known for the command;
                its `output` has what the device said. Output that matches and holds nothing is an empty list.
            OperationTimedOut: no prompt before the command deadline; the session was closed.
        """
        ...

    @abstractmethod
    def send_commands(
        self, commands: Sequence[str], *, parse: Parse | None = None
    ) -> Awaitable[tuple[CommandOutput, ...]]:
        """Send commands one after the other on the same session; a rejected one does not stop the rest."""
        ...


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
        all of them on Junos, SR Linux and AOS-CX.
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


@runtime_checkable
class ReadsConfig(Protocol):
    """Reads the configuration."""

    @abstractmethod
    def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Awaitable[Configs]:
        """The configuration as text, without the lines that change at every reading (times, building messages)."""
        ...


@runtime_checkable
class WritesConfig(Protocol):
    """Changes the configuration, all of it or nothing, as a transaction."""

    @abstractmethod
    def change(self, config: str, *, mode: ChangeMode = "merge") -> AbstractAsyncContextManager[ConfigChange]:
        """Prepare a change, on a session of its own that other changes of the device wait for.

        ```python
        async with router.change("interface Gi0/1\\n shutdown") as change:
            log(change.diff)
            await change.commit(confirm_within=120)
            await still_good(router)
            await change.confirm()
        change.outcome
        ```

        `config` is in the platform's own words, as `get_config` prints them.

        Raises:
            ConfigRejected: the device refused a line.
            ConfigLocked: somebody else is changing the configuration.
        """
        ...


@runtime_checkable
class SpeaksNetconf(Protocol):
    """Speaks NETCONF (RFC 6241): for what a device's YANG modules have and no other capability reads. XML is text here.

    It is no vendor's own, so a block may ask for it; what the XML says mostly is. Changes are better made with
    WritesConfig, which ends what it began.
    """

    @abstractmethod
    def netconf_capabilities(self) -> Awaitable[Sequence[str]]:
        """What the server announced: protocol capabilities and YANG modules, as URIs."""
        ...

    @abstractmethod
    def get(self, subtree: str = "") -> Awaitable[str]:
        """Running configuration and state, as `<data>`; `subtree` (RFC 6241 §6) says which of it. All may be long.

        Raises:
            CommandRejected: the server answered with an error.
        """
        ...

    @abstractmethod
    def get_datastore(self, source: str = "running", subtree: str = "") -> Awaitable[str]:
        """Configuration from a datastore, as `<config>`.

        Raises:
            CommandRejected: the server answered with an error; it may not have this datastore.
        """
        ...

    @abstractmethod
    def rpc(self, request: str) -> Awaitable[str]:
        """Any operation, `<get-schema …>…</get-schema>`, without the `<rpc>` around it; what its reply holds.

        Raises:
            CommandRejected: the server answered with an error.
            UsageError: it is not one element of XML, or leaves something in the session, as a lock does.
        """
        ...


CAPABILITIES: tuple[type, ...] = (
    RunsCommands,
    ReadsFacts,
    ReadsInterfaces,
    ReadsAddresses,
    ReadsNeighbors,
    ReadsArp,
    ReadsMacTable,
    ReadsVlans,
    ReadsBgp,
    ReadsRoutes,
    ReadsConfig,
    WritesConfig,
    SpeaksNetconf,
)
"""The capabilities that neops itself defines, in the order in which they are listed to people."""


@cache
def capabilities_of(session_or_wish: type) -> frozenset[type]:
    """The single capabilities that a session class implements or that a composed capability asks for.

    A capability is a Protocol that declares methods of its own; a Protocol that only joins others counts as those.
    """
    return frozenset(base for base in session_or_wish.__mro__ if _is_capability(base))


def _is_capability(candidate: type) -> bool:
    declares = any(callable(value) and not name.startswith("_") for name, value in vars(candidate).items())
    return bool(getattr(candidate, "_is_protocol", False)) and declares and candidate.__module__ != "typing"


@cache
def methods_of(capability: type) -> frozenset[str]:
    """Names of the methods that a capability, single or composed, offers."""
    return frozenset(
        name
        for single in capabilities_of(capability)
        for name, value in cast("Mapping[str, Any]", vars(single)).items()
        if callable(value) and not name.startswith("_")
    )
