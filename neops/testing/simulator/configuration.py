"""A device's configuration as a tree of lines, and what running, candidate and start-up mean. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Section: TypeAlias = "dict[str, Section]"
"""Lines in their order, each with the lines below it. A leaf is a line with nothing below."""

Path: TypeAlias = tuple[str, ...]

HISTORY = 50  # earlier configurations kept for rollback, as Junos keeps (rollback 0 to 49)


class LineRejected(ValueError):
    """The device does not know this line; `at` is the word where it gave up."""

    def __init__(self, line: str, at: int = 0) -> None:
        super().__init__(line)
        self.line, self.at = line, at


def copy(section: Section) -> Section:
    return {line: copy(below) for line, below in section.items()}


def at(root: Section, path: Path) -> Section:
    """The section at this path, created if it is not there yet."""
    for line in path:
        root = root.setdefault(line, {})
    return root


def find(root: Section, path: Path) -> Section:
    """The section at this path; empty if it is not there."""
    for line in path:
        root = root.get(line, {})
    return root


def flatten(section: Section, path: Path = ()) -> Iterator[str]:
    """Every leaf as one line that starts with the sections it is in: `interface Loopback0 description x`."""
    for line, below in section.items():
        here = (*path, line)
        if below:
            yield from flatten(below, here)
        else:
            yield " ".join(here)


class ConfigurationLocked(Exception):
    """Another session holds the configuration exclusively."""


@dataclass(kw_only=True)
class Datastore:
    """Running and start-up configuration of one device, its named candidates, its history and its lock.

    A commit to be confirmed goes back by itself when its time is over: that is decided when somebody looks, so that
    no timer has to run.
    """

    running_now: Section
    startup: Section = field(default_factory=dict)
    lasting: bool = False
    """What is committed is saved, once nothing takes it back any more."""
    clock: Callable[[], float]
    history: list[Section] = field(default_factory=list)
    candidates: dict[str, Section] = field(default_factory=dict)
    shared: Section | None = None
    """The candidate that all NETCONF sessions edit; None: it is what runs."""
    persist_id: str = ""
    """What confirms the commit that waits, over NETCONF; empty: any commit does."""
    revision: int = 0
    """Counts the changes of the running configuration."""
    _lock: object | None = None
    _revert: tuple[float, Section] | None = None

    def __post_init__(self) -> None:
        self.startup = self.startup or copy(self.running_now)

    @property
    def running(self) -> Section:
        if self._revert and self.clock() >= self._revert[0]:
            self._go_back(self._revert[1])
        return self.running_now

    @property
    def awaits_confirmation(self) -> bool:
        """A commit will be undone unless it is confirmed in time."""
        _ = self.running
        return self._revert is not None

    @property
    def reverts_in_s(self) -> float:
        """Seconds until a commit is undone unless it is confirmed; 0.0: none waits."""
        _ = self.running
        return self._revert[0] - self.clock() if self._revert else 0.0

    @property
    def saved(self) -> Section:
        """What the device starts from."""
        running = self.running
        if not self.lasting:
            return self.startup
        return self._revert[1] if self._revert else running

    @property
    def unsaved(self) -> bool:
        return self.running != self.saved

    def touch(self) -> None:
        """Say that the running configuration was edited in place."""
        self.revision += 1

    @property
    def shared_changed(self) -> bool:
        return self.shared is not None and self.shared != self.running

    def commit(self, candidate: Section, confirm_within_s: float | None = None) -> None:
        before = copy(self.running)
        self.persist_id = ""
        self._revert = None if confirm_within_s is None else (self.clock() + confirm_within_s, before)
        self._replace(copy(candidate))

    def put(self, new: Section) -> None:
        """Make this the running configuration, whatever waits to be confirmed."""
        _ = self.running
        self._replace(new)

    def confirm(self) -> None:
        """Keep what was committed to be confirmed."""
        _ = self.running
        self._revert = None

    def arm(self, within_s: float) -> None:
        """Go back to the present configuration in this time, whatever is edited in place until then."""
        self._revert = (self.clock() + within_s, copy(self.running))

    def revert(self) -> bool:
        """Take back now what was committed to be confirmed; False: nothing was."""
        _ = self.running
        if self._revert is None:
            return False
        self._go_back(self._revert[1])
        return True

    def rolled_back(self, steps: int) -> Section:
        """The configuration that many commits ago; 0 is the running one.

        Raises:
            IndexError: there were not so many commits.
        """
        return copy(self.running if steps == 0 else self.history[-steps])

    def save(self) -> None:
        self.startup = copy(self.running)

    def restart(self) -> None:
        """Start again from what was saved; candidates, locks and what waits to be confirmed are gone."""
        saved = copy(self.saved)
        self._revert, self._lock, self.shared = None, None, None
        self.candidates = {}
        self._replace(saved)

    def lock(self, owner: object) -> None:
        """Take the configuration for one session.

        Raises:
            ConfigurationLocked: another session has it.
        """
        self.refuse_if_locked(owner)
        self._lock = owner

    def refuse_if_locked(self, owner: object) -> None:
        """Let only the holder of the lock in.

        Raises:
            ConfigurationLocked: another session has it.
        """
        if self._lock not in (None, owner):
            raise ConfigurationLocked

    def unlock(self, owner: object) -> None:
        if self._lock is owner:
            self._lock = None

    @property
    def lock_holder(self) -> object | None:
        return self._lock

    @property
    def locked(self) -> bool:
        return self._lock is not None

    def _go_back(self, old: Section) -> None:
        """Candidates that were committed to be confirmed are gone with what they made."""
        self.candidates = {name: one for name, one in self.candidates.items() if one != self.running_now}
        self.shared = None if self.shared == self.running_now else self.shared
        self._revert = None
        self._replace(old)

    def _replace(self, new: Section) -> None:
        self.history = [*self.history, self.running_now][-HISTORY:]
        self.running_now = new
        self.touch()
