"""A read as data: which commands to send, and the pure function that makes a result of the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from neops.devices.parsing.textfsm import Row, read_rows
from neops.devices.results import (
    ArpEntry,
    BgpInstance,
    Configs,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Route,
    Vlan,
)
from neops.errors import ParseFailed

R = TypeVar("R")

Retrieve = Literal["running", "startup", "candidate"]
Interfaces = Mapping[str, InterfaceDetails]
Addresses = Mapping[str, InterfaceAddresses]
Neighbors = Mapping[str, Sequence[LldpNeighbor]]
Arp = Sequence[ArpEntry]
Macs = Sequence[MacEntry]
Vlans = Mapping[str, Vlan]
Bgp = Mapping[str, BgpInstance]
Routes = Mapping[str, Sequence[Route]]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a device answered to the commands of one read, and the ways to look at an answer.

    All of them raise ParseFailed, with the device's name, when an answer is not what they expect.
    """

    device: str
    platform: str
    outputs: Mapping[str, str]

    def text(self, command: str) -> str:
        """The answer as it came."""
        return self.outputs[command]

    def rows(self, command: str, heading: str = "", *, nothing: str = "") -> list[Row]:
        """The records that the platform's ntc-template finds; `heading` is what it should know of an empty table.

        `nothing` is a regular expression for a line that says instead of a table that there is none.
        """
        if nothing and re.search(nothing, self.outputs[command], re.MULTILINE):
            return []
        return read_rows(self.device, self.platform, command, self.outputs[command], heading)

    def row(self, command: str) -> Row:
        """The first record; there must be one."""
        rows = self.rows(command)
        if not rows:
            raise ParseFailed(self.device, command, "the output holds no record")
        return rows[0]

    def json(self, command: str) -> Any:
        """The JSON that the answer is."""
        return read_json(self.device, command, self.outputs[command])

    def sections(
        self, command: str, start: re.Pattern[str], heading: re.Pattern[str] | None = None
    ) -> list[tuple[re.Match[str], str]]:
        """The answer cut into pieces: each start, and the text from there to the next one.

        There are none of an answer that is blank without its headings.
        """
        text = heading.sub("", self.outputs[command]) if heading else self.outputs[command]
        starts = list(start.finditer(text))
        if not starts and text.strip():
            raise ParseFailed(self.device, command, f"no line matches {start.pattern!r}")
        ends = [following.start() for following in starts[1:]] + [len(text)]
        return [(one, text[one.end() : end]) for one, end in zip(starts, ends, strict=False)]

    def find(self, command: str, pattern: str, default: str | None = None) -> str:
        """The first group of a multi-line pattern; `default` when it is given and the pattern is not there."""
        match = re.search(pattern, self.outputs[command], re.MULTILINE)
        if match:
            return match[1].strip()
        if default is None:
            raise ParseFailed(self.device, command, f"no line matches {pattern!r}")
        return default


def read_json(device: str, command: str, output: str) -> Any:
    """The JSON document in an answer; lines around it (time stamps, `{master:0}` of Junos) are left out.

    Raises:
        ParseFailed: there is none.
    """
    try:
        return json.loads(output)
    except ValueError as error:
        start = re.search(r"^\s*[\[{]\s*(?:$|[\"\[{])", output, re.MULTILINE)
        if start:
            try:
                return json.JSONDecoder().raw_decode(output[start.start() :].lstrip())[0]
            except ValueError:
                pass
        raise ParseFailed(device, command, f"the output is not JSON: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Read(Generic[R]):
    """The commands of one getter and the function that turns their answers into its result.

    One that is `optional` is blank where the device does not take it.
    """

    commands: tuple[str, ...]
    parse: Callable[[Answers], R]
    optional: tuple[str, ...] = ()

    def of(self, answers: Answers) -> R:
        """The result.

        Raises:
            ParseFailed: `parse` says so, or it stumbles over values and keys that it does not expect.
        """
        try:
            return self.parse(answers)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            commands = ", ".join(self.commands)
            raise ParseFailed(answers.device, commands, f"unexpected output: {error!r}".splitlines()[0]) from error


@dataclass(frozen=True, kw_only=True)
class ConfigRead:
    """The commands that print configurations, and what changes in them at every reading.

    `volatile` are regular expressions: what they match in a line is cut out, and a line of which nothing is left is
    left out.
    """

    commands: Mapping[Retrieve, tuple[str, ...]]
    volatile: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """The configuration without volatile lines, without blank lines around it, ended by a newline."""
        pattern = re.compile("|".join(self.volatile) or r"(?!)")
        lines = ((line, pattern.sub("", line)) for line in text.splitlines())
        kept = "\n".join(rest.rstrip() for line, rest in lines if rest.strip() or rest == line).strip("\n")
        return f"{kept}\n" if kept else ""

    def result(self, outputs: Mapping[str, str]) -> Configs:
        """Configs from the outputs by command; a configuration of which no output is given stays empty."""
        texts = {
            name: self.clean("\n".join(outputs[command] for command in commands))
            for name, commands in self.commands.items()
            if all(command in outputs for command in commands)
        }
        return Configs(**texts)


@dataclass(frozen=True, kw_only=True)
class RouteQuery:
    """What `get_route_to` was asked; see ReadsRoutes."""

    destination: str = ""
    protocol: str = ""
    longer: bool = False


@dataclass(frozen=True, kw_only=True)
class PlatformReads:
    """All that is known of a platform; what is None cannot be read on it.

    `arp` makes its read for a VRF, empty for the one that needs no name; `routes` for what was asked.
    """

    facts: Read[Facts] | None = None
    interfaces: Read[Interfaces] | None = None
    addresses: Read[Addresses] | None = None
    neighbors: Read[Neighbors] | None = None
    arp: Callable[[str], Read[Arp]] | None = None
    macs: Read[Macs] | None = None
    vlans: Read[Vlans] | None = None
    bgp: Read[Bgp] | None = None
    routes: Callable[[RouteQuery], Read[Routes]] | None = None
    config: ConfigRead | None = None
