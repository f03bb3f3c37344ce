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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias, cast, runtime_checkable

from neops.devices.answers import Answer
from neops.devices.config_change import ChangeMode, ConfigChange
from neops.devices.results import (
    ArpEntry,
    BgpInstance,
    CommandOutput,
    Configs,
    Facts,
    FileTransfer,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Parse,
    Reboot,
    RemoteFile,
    Route,
    Vlan,
)

REBOOT_S: Final = 900.0
TRANSFER_S: Final = 3600.0
"""Default limits: chassis boot for up to ten minutes, and an image of 1 GB takes half an hour at 5 Mbit/s."""

Progress: TypeAlias = Callable[[int, int, str], None]
"""Told how far a long operation is: done, of how much, and what. Called from another thread; it must return at once.

`context.progress` is one.
"""


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
class Interacts(Protocol):
    """Runs commands that ask something back."""

    @abstractmethod
    def send_interactive(
        self, command: str, answers: Sequence[Answer], *, within_s: float | None = None
    ) -> Awaitable[CommandOutput]:
        r"""Send a command and answer its questions, in their order, until the prompt is back.

        ```python
        await router.send_interactive("copy running-config flash:", [Answer(r"filename \[.*\]\?", "backup.cfg")])
        ```

        `within_s` is the longest silence in between, the command deadline unless told. A question that has no answer
        is cancelled; the session is back at its prompt then, or closed.

        Raises:
            DialogueFailed: the device asked something else, or did not ask what is not optional.
            SessionLost: the connection ended, and no answer given before said that it may.
            OperationTimedOut: there was silence for too long; the session was closed.
        """
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


@runtime_checkable
class Reboots(Protocol):
    """Reboots the device."""

    @abstractmethod
    def reboot(
        self,
        *,
        save: bool | None = None,
        wait: bool = True,
        within_s: float = REBOOT_S,
        progress: Progress | None = None,
    ) -> Awaitable[Reboot]:
        """Reboot now, and wait until the device lets us in again.

        `save` says what to do with configuration that runs and is not saved: save it first, or lose it. Without it a
        device that asks is not rebooted; platforms whose commits are lasting never ask. `progress` gets the seconds
        so far, `within_s`, and what is waited for.

        Raises:
            DialogueFailed: the device asked something else, such as about configuration that is not saved.
            CommandRejected: this user may not.
            NotBack: it did not go down, or did not come back, within `within_s` seconds.
        """
        ...


@runtime_checkable
class SchedulesReboots(Protocol):
    """Reboots the device later, by the device's own clock."""

    @abstractmethod
    def schedule_reboot(self, in_minutes: int, *, save: bool | None = None) -> Awaitable[None]:
        """Have the device reboot in some minutes, unless somebody cancels it; `save` as in `Reboots.reboot`."""
        ...

    @abstractmethod
    def cancel_reboot(self) -> Awaitable[None]:
        """Take back what is scheduled; harmless when nothing is."""
        ...


@runtime_checkable
class TransfersFiles(Protocol):
    """Puts files on the device and gets them from it. Names without a folder are in the platform's usual one."""

    @abstractmethod
    def put_file(
        self,
        source: Path | str,
        destination: str,
        *,
        overwrite: bool = False,
        within_s: float = TRANSFER_S,
        progress: Progress | None = None,
    ) -> Awaitable[FileTransfer]:
        """Copy a local file to the device, verified; it has its name only when it is whole.

        Nothing is sent when the same content is there already. `progress` gets bytes done, bytes in all, and the name.

        Raises:
            TransferFailed: there is another file of that name and not `overwrite`, there is no room, the device
                refused, or what arrived is not what was sent.
            SessionLost: the connection broke in the middle.
            OperationTimedOut: it was not done within `within_s` seconds.
        """
        ...

    @abstractmethod
    def get_file(
        self, source: str, destination: Path | str, *, within_s: float = TRANSFER_S, progress: Progress | None = None
    ) -> Awaitable[FileTransfer]:
        """Copy a file of the device to a local path, verified, in place of what is there.

        Raises:
            TransferFailed: there is no such file, or what arrived is not what the device has.
        """
        ...

    @abstractmethod
    def list_files(self, folder: str = "") -> Awaitable[Sequence[RemoteFile]]:
        """The files in a folder of the device, without folders."""
        ...

    @abstractmethod
    def remove_file(self, name: str) -> Awaitable[None]:
        """Remove a file of the device.

        Raises:
            TransferFailed: there is none, or it may not be removed.
        """
        ...


CAPABILITIES: tuple[type, ...] = (
    RunsCommands,
    Interacts,
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
    TransfersFiles,
    Reboots,
    SchedulesReboots,
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
