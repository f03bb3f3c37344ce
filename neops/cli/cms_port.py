"""What `neops cms` asks of a CMS, wherever that is: in a database file, or behind a running engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:  # help and completion ask for `Kind`
    from neops.cms import Delivered, Delivery, HistoryEntry, Remembered
    from neops.entities import EntityBatch, LoadProgress

HISTORY_MAX: Final = 10_000
"""Changes that can be asked for: the engine tells no more at once."""


class Kind(StrEnum):
    """What can be looked at."""

    DEVICE = "device"
    GROUP = "group"
    INTERFACE = "interface"
    PLATFORM = "platform"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What `--url` and `--database` say."""

    url: str | None
    database: str | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """Entities in the order asked for. `more`: there are others."""

    items: Sequence[Any]
    more: bool


class Cms(Protocol):
    """A CMS. Each call is one transaction, so that whoever else works on it gets a turn."""

    def find(self, kind: Kind, *, query: str, sort: str, limit: int) -> Found:
        """What a query finds.

        Raises:
            QueryInvalid: the query has a mistake.
        """

    def get(self, kind: Kind, name: str, *, device: str | None) -> Sequence[Any]:
        """What has this name, a device with its configuration; interfaces of `device` alone where that is given."""

    def history(self, kind: Kind, name: str, limit: int) -> Sequence[HistoryEntry]:
        """What happened to the entity of a name, newest first."""

    def history_of_run(self, run: str) -> Sequence[HistoryEntry]:
        """What a run changed, newest first."""

    def export(self, query: str, *, credentials: bool, report: LoadProgress) -> EntityBatch:
        """Devices that the query finds, with the groups that they need."""

    def cursor_of(self, source: str) -> str | None:
        """How far a source was read."""

    def devices_from(self, origin: str) -> Remembered:
        """The devices that an inventory has, or had."""

    def write(self, delivery: Delivery) -> Delivered:
        """Take a part of an import."""

    def copy(self, origin: str | None, report: LoadProgress) -> Cms:
        """The same in memory, for an import from `origin`: what is written there is forgotten."""

    def close(self) -> None:
        """Let go of it."""
