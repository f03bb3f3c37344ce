"""One session's work on the configuration: what it edits, where it is, and what it has changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from neops.testing.simulator.configuration import ConfigurationLocked, Path, Section, copy, find, flatten
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.dialects import Statements
from neops.testing.simulator.differences import difference
from neops.testing.simulator.platform import CandidateKind, Verb
from neops.testing.simulator.template import render

CONFIRM_MINUTES = 10  # Junos without a number: "commit confirmed will be automatically rolled back in 10 minutes"


class Editing:
    """Edits the running configuration in place, or a candidate of it."""

    def __init__(self, device: DeviceState, kind: CandidateKind, *, name: str = "", label: str = "") -> None:
        configuration, dialect = device.platform.data.configuration, device.platform.dialect
        assert configuration is not None
        assert dialect is not None
        self.data, self._dialect = configuration, dialect
        self._device, self._store = device, device.datastore
        self._kind, self._name, self._label = kind, name, label
        self._candidate: Section = {}
        self.path: Path = ()

    def start(self) -> Self:
        """Take the candidate, and the lock if it is exclusive.

        Raises:
            ConfigurationLocked: another session has it.
        """
        self._store.refuse_if_locked(self)
        if self._kind == "exclusive":
            if self._store.shared_changed:
                raise ConfigurationLocked
            self._store.lock(self)
        known = self._store.candidates.get(self._name)
        self._candidate = known if known is not None else copy(self._store.running)
        if self._kind == "named":
            self._store.candidates[self._name] = self._candidate
        return self

    def release(self) -> None:
        """Let go of the lock; a named candidate stays until it is committed or dropped."""
        self._store.unlock(self)

    @property
    def root(self) -> Section:
        return self._candidate if self._kind else self._store.running

    @property
    def changed(self) -> bool:
        return bool(self._kind) and self._candidate != self._store.running

    @property
    def section(self) -> Section:
        return find(self.root, self.path)

    def edit(self, line: str) -> None:
        """Carry one configuration line out.

        Raises:
            LineRejected: the platform does not know it.
        """
        if line[0] in "!#":
            return
        self.path = self._dialect.apply(self.root, self.path, line)
        if not self._kind:
            self._store.touch()

    def up(self) -> bool:
        """One level up; False: this was the top."""
        if not self.path:
            return False
        self.path = self.path[:-1]
        return True

    def change(self, verb: Verb, arguments: Mapping[str, str]) -> None:
        match verb:
            case "commit":
                self._store.commit(self.root)
            case "commit_confirmed":
                self._store.commit(self.root, confirm_within_s(arguments))
            case "discard":
                self._candidate, self.path = copy(self._store.running), ()
            case "clear":
                self._candidate, self.path = {}, ()
            case "rollback":
                self._candidate, self.path = self._store.rolled_back(int(arguments.get("steps", "0"))), ()
        if self._name:
            self._store.candidates[self._name] = self._candidate
        if verb == "drop" or (verb == "commit" and self._name):
            self._store.candidates.pop(self._name, None)

    def load(self, lines: list[str], arguments: Mapping[str, str]) -> None:
        """Take lines in that came from the terminal: `set` lines, or a configuration in braces (merge, override)."""
        how = arguments.get("how", "set")
        assert isinstance(self._dialect, Statements)
        if how == "set":
            for line in filter(str.strip, lines):
                self.edit(line.strip())
            return
        if how in ("override", "replace"):
            self._candidate = {}
        self._dialect.merge_text(self._candidate, "\n".join(lines))

    def difference(self) -> str:
        """What a commit would change, as the platform shows it."""
        return difference(self.data.diff, self._store.running, self.root, self._dialect)

    def prompt(self) -> str:
        return render(
            self.data.prompt,
            {
                "hostname": self._device.hostname,
                "username": self._device.spec.username,
                "section": self._section_prompt(),
                "path": " ".join(self.path),
                "edit_path": " ".join(("edit", *self.path)),
                "label": self._label,
                "marks": self._device.marks(changed=self.changed),
            },
        )

    def _section_prompt(self) -> str:
        """`config-if` of the innermost section that has a prompt of its own."""
        for depth in range(len(self.path), 0, -1):
            line, above = self.path[depth - 1], self.path[: depth - 1]
            for section in self.data.sections:
                if section.prompt and section.opens(line, above):
                    name = line.removeprefix(section.begins).strip()
                    names = {"name": self._device.platform.data.short_name(name), "full_name": name}
                    return render(section.prompt, names)
        return self.data.section

    def values(self) -> dict[str, object]:
        """What commands in configuration mode can print."""
        lines = list(flatten(self.section, self.path)) if self.section else []
        return {
            "candidate_config": self._dialect.render(self.root),
            "section_config": self._dialect.render(self.section),
            "section_set": "\n".join(f"set {line}" for line in lines),
            "section_lines": [{"line": line} for line in lines],
            "difference": self.difference(),
            "path": " ".join(self.path),
        }


def confirm_within_s(arguments: Mapping[str, str]) -> float:
    """Time that a command gave: `seconds`, `minutes` or a `timer` hh:mm:ss or hh:mm."""
    if "timer" in arguments:
        hours, minutes, seconds, *_ = (*(int(part) for part in arguments["timer"].split(":")), 0)
        return hours * 3600 + minutes * 60 + seconds
    if "seconds" in arguments:
        return float(arguments["seconds"])
    return float(arguments.get("minutes", CONFIRM_MINUTES)) * 60
