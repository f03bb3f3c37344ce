"""Loads what distributions register under entry points, one name at a time, with stevedore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, Self

from stevedore.driver import DriverManager
from stevedore.exception import MultipleMatches
from stevedore.extension import error_on_conflict


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The distribution that registered something; None where nobody did."""

    distribution: str | None = None
    version: str | None = None

    @classmethod
    def of(cls, point: EntryPoint) -> Self:
        if point.dist is None:
            return cls()
        return cls(distribution=point.dist.metadata["Name"], version=point.dist.version)


class EntryPoints:
    """The entry points of one group by name. They are looked for at the first question, and not imported."""

    def __init__(self, find: Callable[[], Iterable[EntryPoint]]) -> None:
        self._find = find
        self._found: Mapping[str, list[EntryPoint]] | None = None

    def by_name(self) -> Mapping[str, list[EntryPoint]]:
        """All of them; more than one under a name is a conflict."""
        if self._found is None:
            found: dict[str, list[EntryPoint]] = {}
            for point in self._find():
                found.setdefault(point.name, []).append(point)
            self._found = found
        return self._found


class _Driver(DriverManager[Any]):
    """stevedore's loader of one name, on entry points that were found already."""

    def __init__(self, group: str, name: str, points: Sequence[EntryPoint], *, invoke: bool) -> None:
        self._points = list(points)
        super().__init__(
            group,
            name,
            invoke_on_load=invoke,
            on_missing_entrypoints_callback=None,
            conflict_resolver=error_on_conflict,
        )

    def list_entry_points(self) -> list[EntryPoint]:
        return self._points


def load(group: str, name: str, points: Sequence[EntryPoint], *, invoke: bool) -> Any:
    """What stands behind a name, called without arguments where `invoke` is set.

    Raises:
        Exception: whatever went wrong; `problem_of` says it in one line.
    """
    return _Driver(group, name, points, invoke=invoke).driver


def problem_of(error: Exception, points: Sequence[EntryPoint]) -> str:
    """Why loading failed, in one line."""
    if isinstance(error, MultipleMatches):
        return "registered by " + " and by ".join(sorted(Origin.of(point).distribution or "?" for point in points))
    return f"{type(error).__name__}: {error}".splitlines()[0]
