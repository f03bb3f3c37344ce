"""The data model of a platform file: prompts, commands, outputs and configuration of one network operating system."""

from __future__ import annotations

import re
import shlex
from functools import cached_property
from typing import Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from neops.testing.simulator.spec import Face

Verb: TypeAlias = Literal[
    "close", "page_length", "save", "configure",
    "leave", "up", "top", "load",
    "commit", "commit_confirmed", "arm", "confirm", "revert", "discard", "clear", "drop", "rollback",
    "commit_named", "commit_named_confirmed", "revert_named",
    "remove_file", "move_file", "copy_file", "empty_file",
    "running_to_file", "startup_to_file", "replace_with_file", "merge_file",
    "reboot", "schedule_reboot", "cancel_reboot", "cancel",
]  # fmt: skip
"""What a command does besides printing its text; docs/how-to/simulate-devices.md explains each."""


CandidateKind: TypeAlias = Literal["", "private", "exclusive", "named"]
"""The running configuration itself, the session's own candidate, one that locks others out, one that stays by name."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _phrases(value: object) -> object:
    """Lists of words may be written as one text: phrases separated by commas or lines."""
    if isinstance(value, str):
        return tuple(phrase.strip() for phrase in re.split(r"[,\n]", value) if phrase.strip())
    return value


class Asked(_Data):
    """A question that a command asks first; `answers` are beginnings of what is typed, and what each does."""

    ask: str
    only: Literal["", "unsaved", "upgraded"] = ""
    """Asked only while the running configuration is not saved, or while another version wrote the saved one."""
    unless: str = ""
    """A line of the running configuration with which it is not asked."""
    answers: dict[str, tuple[Verb, ...]]
    """`[]` goes on, `[cancel]` does nothing more; anything else asks again."""
    default: str = ""

    def verbs_for(self, typed: str) -> tuple[Verb, ...] | None:
        """What an answer does; None: it is none of them."""
        word = typed.strip().lower() or self.default
        return next((verbs for start, verbs in self.answers.items() if word.startswith(start)), None)


class Command(_Data):
    """One command: what it prints, and what it does."""

    say: str = ""
    """Template of its output."""
    data: Any = None
    """Template of its output as JSON, instead of `say`."""
    does: tuple[Verb, ...] = ()
    to: str = ""
    """Name of the mode that the session is in afterwards."""
    modes: tuple[str, ...] = ()
    """Modes that have the command; empty: all."""
    ask: str = ""
    """A question asked first; the answer `no` (or `n`) cancels."""
    asks: tuple[Asked, ...] = ()
    """Questions asked first, one after the other."""
    secret: str = ""
    """A question asked first whose answer is the enable secret, if the device has one."""
    denied: str = ""
    """Printed when the secret was wrong three times."""
    candidate: CandidateKind = ""
    """With `configure`: what is edited; see CandidateKind."""
    label: str = ""
    """With `configure`: template of `$label` in the prompt; knows the arguments."""
    unchanged: str = ""
    """With `commit`: printed instead of `say` when there was nothing to commit."""
    show: str = ""
    """Template of a section's first line or path; `$section` is then that part of the running configuration."""
    file: str = ""
    """Template of the name of a file that must be there: `$file`, `$file_name`, `$file_size`, `$file_text`."""
    digest: Literal["", "md5", "sha256", "sha512"] = ""
    """With `file`: `$digest` is computed with it."""
    compares: Literal["", "whole", "merge"] = ""
    """With `file`: `$difference` is what making it the configuration, or adding its lines to it, would change."""
    folder: str = ""
    """Template of the name of a folder or a file; `@each files` are the files in it, or it alone."""

    @property
    def questions(self) -> tuple[Asked, ...]:
        """All that is asked before it is carried out."""
        confirmed = Asked(ask=self.ask, answers={"n": ("cancel",), "": ()})
        return (confirmed, *self.asks) if self.ask else self.asks

    @property
    def acts(self) -> bool:
        """It does something, or asks, besides printing."""
        return bool(self.does or self.to or self.questions)

    @field_validator("does", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class FilesData(_Data):
    """Where a platform keeps files, and how it lets clients in."""

    home: str
    """Folder in which names without a path are."""
    drives: dict[str, str] = {}
    """Beginnings of names and the folders they stand for: `flash:` is `/flash`."""
    folders: tuple[str, ...] = ()
    """More folders that are there."""
    size_bytes: int
    serves: tuple[Literal["scp", "sftp"], ...]
    needs: str = ""
    """A line of the running configuration without which clients are turned away."""
    refused: str = "Administratively disabled."
    """What they are told then."""


class Mode(_Data):
    prompt: str
    shell: bool = False
    """Exec requests run here; else in the mode after the login."""


class Pager(_Data):
    prompt: str = " --More-- "
    rows: int = 24
    """Lines of a page, if the client's terminal says nothing."""


class Errors(_Data):
    """Templates; they know `$line`, `$word` (the first wrong one) and `$caret` (spaces and ^ below that word)."""

    unknown: str
    ambiguous: str = ""
    incomplete: str = ""
    later: str = ""
    """For a wrong word that is not the first, if it differs."""
    configuration: str = ""
    """For a wrong line in configuration mode, if it differs."""
    no_file: str = "$file: No such file or directory"
    """For a file that is not there; knows `$file`."""
    no_space: str = "No space left on device"
    """For a copy that does not fit."""


class SectionData(_Data):
    """A kind of section: a line that begins with `begins`."""

    begins: str
    prompt: str = ""
    within: tuple[str, ...] = ()
    """Regular expressions for the sections that it is in, the outermost first; empty: it is at the top."""

    @field_validator("within", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    default_on: tuple[str, ...] = ()
    """Lines that are shown when they are off, in this kind of section only."""

    def opens(self, line: str, path: tuple[str, ...]) -> bool:
        if not line.startswith(f"{self.begins} ") and line != self.begins:
            return False
        return len(path) == len(self.within) and all(map(re.fullmatch, self.within, path))


class Question(_Data):
    """What leaving the configuration with changes asks; keys of `answers` are beginnings of the typed answer."""

    ask: str
    answers: dict[str, tuple[Verb, ...]]
    default: str = ""


class ConfigurationData(_Data):
    dialect: Literal["lines", "statements"] = "lines"
    prompt: str
    """Knows `$section` (the prompt of the innermost section), `$path`, `$label` and `$marks` besides the names."""
    section: str = ""
    """`$section` at the top."""
    indent: str = " "
    separator: str | None = None
    """Line between top sections."""
    closing: str = ""
    """Line after a section."""
    terminator: str = ""
    sections: tuple[SectionData, ...] = ()
    asks: dict[str, str] = {}
    """Regular expressions for lines that ask something first, and the question; what begins with n cancels."""
    texts: Literal["", "marks", "eof"] = ""
    """How the text of a banner is given: between two of a character, which is shown as ^C, or up to a line EOF."""
    negation: str = "no"
    top: tuple[str, ...]
    """First words of the lines that are accepted at the top; any other is answered with the platform's error."""
    inside: tuple[str, ...] = ()
    """The same for lines in sections."""
    single: tuple[str, ...] = ()
    """Lines that exist once in their section: a new one replaces the old."""
    default_on: tuple[str, ...] = ()
    """Lines that are shown when they are off (`no switchport`)."""
    keyed: tuple[str, ...] = ()
    """Words that take a name: `unit 0` in statements; of lines there is one for each name (`username x`)."""
    values: tuple[str, ...] = ()
    """Statements: words that take a value (`mtu 9000`)."""
    contexts: bool = False
    """Statements: a path typed alone enters that context."""
    lasting: bool = False
    """What is committed is saved: there is no start-up configuration of its own."""
    operational: str = ""
    """Prefix of operational commands in configuration mode (`do`, `run`)."""
    shows: bool = False
    """Operational commands that only print work without a prefix."""
    diff: Literal["unified", "edits", "braces", "lines"] = "unified"
    locked: str = ""
    """Printed when another session has the configuration exclusively."""
    not_loaded: str = ""
    """Printed when a line of a loaded text is refused; knows `$number` and `$line` besides what errors know."""
    leaving: Question | None = None
    commands: dict[str, Command]

    _split = field_validator("top", "inside", "single", "default_on", "keyed", "values", mode="before")(_phrases)

    @field_validator("commands", mode="before")
    @classmethod
    def _say(cls, value: object) -> object:
        return _spelled_out(value)


class NetconfData(_Data):
    """What the device is over NETCONF, besides the base protocol."""

    root: str
    """Element around the configuration."""
    namespace: str
    capabilities: tuple[str, ...] = ()
    """Besides those that every simulated device has."""
    operations: Literal["", "junos"] = ""
    """Whose operations there are besides RFC 6241's."""
    entries: dict[str, str] = {}
    """Containers whose lines are bare names, and the element for each: `interfaces: interface`."""
    branches: tuple[str, ...] = ()
    """Words whose name is an element of its own: `family inet`."""
    rpcs: dict[str, str] = {}
    """The platform's own operations: element of the request → template of the reply's content, in XML."""


class Defaults(_Data):
    """Facts of a device that says nothing else."""

    version: str
    model: str
    serial: str = ""
    """Prefix; eight characters derived from the device's name follow."""
    interfaces: tuple[str, ...] = ()


class Platform(_Data):
    name: str = ""
    vendor: str
    inventory: str = ""
    """Platform in the inventory; empty: the name for netmiko."""
    netmiko: str
    """`device_type` for netmiko."""
    scrapli: str = ""
    napalm: str = ""
    greeting: str = ""
    login: str
    """Mode after a login with an enable secret still to come, or for a device without one `login_privileged`."""
    login_privileged: str = ""
    modes: dict[str, Mode]
    abbreviations: bool = True
    pager: Pager | None = Pager()
    shell: str = ""
    """What leads from a shell to the command line, `vtysh`: exec requests are the shell's then."""
    exec_failure: int = 0
    """Exit status of an exec request that the device does not know."""
    errors: Errors
    marks: dict[Literal["changed", "unchanged", "unsaved", "after"], str] = {}
    states: dict[Literal["up", "down", "disabled"], dict[str, str]] = {}
    """Words for interfaces that are up, down or disabled: names for templates."""
    virtual: tuple[str, ...] = ()
    """Beginnings of interface names that are no ports."""
    short_names: dict[str, str] = {}
    reflect: dict[Literal["hostname", "interface", "description", "disabled", "address"], str] = {}
    """Regular expressions over flattened configuration lines: how the configuration changes the facts."""
    pipes: dict[str, str] = {}
    defaults: Defaults
    running_config: str = ""
    configuration: ConfigurationData | None = None
    netconf: NetconfData | None = None
    """The device has NETCONF as a subsystem of SSH; for configurations of statements."""
    eapi: bool = False
    """The device has eAPI, on a port of its own."""
    files: FilesData | None = None
    commands: dict[str, Command]

    @field_validator("commands", mode="before")
    @classmethod
    def _say(cls, value: object) -> object:
        return _spelled_out(value)

    @model_validator(mode="after")
    def _modes_exist(self) -> Self:
        named = {self.login, self.login_privileged or self.login}
        for command in self.commands.values():
            named |= {*command.modes, command.to or self.login}
        if unknown := named - set(self.modes):
            raise ValueError(f"no such mode: {', '.join(sorted(unknown))}")
        return self

    def in_shell(self, command: str) -> str:
        """What an exec request has carried out: of `vtysh -c 'show version'` what the shell hands on."""
        words = shlex.split(command) if self.shell else []
        arguments = [word for word in words if not word.startswith("PATH=")]
        if arguments[:2] == [self.shell, "-c"]:
            return " ".join(arguments[2:])
        return " ".join(arguments) or command

    def short_name(self, interface: str) -> str:
        for full, short in self.short_names.items():
            if interface.startswith(full):
                return short + interface.removeprefix(full)
        return interface

    def full_interface_name(self, name: str) -> str:
        """`Gi1/0/1` or `gigabitethernet 1/0/1` → `GigabitEthernet1/0/1`."""
        match = re.fullmatch(r"([A-Za-z-]+)\s*(\d.*)", name)
        if not match:
            return name
        kind = match[1].lower()
        names = self.short_names.items()
        fitting = [full for full, short in names if short.lower() == kind or full.lower().startswith(kind)]
        return (fitting[0] if fitting else match[1]) + match[2]

    @property
    def faces(self) -> frozenset[Face]:
        """The protocols that its devices speak."""
        known: dict[Face, bool] = {"ssh": True, "netconf": self.netconf is not None, "eapi": self.eapi}
        return frozenset(face for face, there in known.items() if there)

    @property
    def inventory_name(self) -> str:
        return self.inventory or self.netmiko

    @cached_property
    def shell_mode(self) -> str:
        return next((name for name, mode in self.modes.items() if mode.shell), self.login_privileged or self.login)


def _spelled_out(commands: object) -> object:
    """A command may be written as its output alone."""
    if isinstance(commands, dict):
        return {pattern: {"say": body} if isinstance(body, str) else body for pattern, body in commands.items()}
    return commands
