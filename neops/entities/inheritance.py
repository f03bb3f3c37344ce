"""What a device gets from its groups and from the defaults, by Nornir's rules. Pure.

The rules are those of nornir 3.6, core/inventory.py: a field or a fact comes from the device itself, else from the
first of its groups that gives one (each group followed by its parents, depth first), else from the defaults. Connection
options merge field by field, `extras` as one field; there the defaults follow the first group without parents, before
the groups after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from neops.entities.models import Inherited

K = TypeVar("K")

DEFAULTS_GROUP = "*"
"""Name of the group that every device inherits from last: Nornir's defaults. It has no members."""

Fields: TypeAlias = Mapping[str, Any]
_NONE: Fields = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Level:
    """What one device, one group or the defaults say.

    `fields` has no key for what is not said. `connections` is Nornir's `connection_options`: plugin name → its fields.
    """

    fields: Fields = field(default_factory=dict, repr=False)
    facts: Fields = field(default_factory=dict)
    connections: Mapping[str, Fields] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class WorkedOut:
    """A device with all that it inherits, and which of it is inherited (None: nothing)."""

    level: Level
    inherited: Inherited | None


NOTHING = Level()


def inherited_level(
    groups: Sequence[K], levels: Mapping[K, Level], parents: Mapping[K, Sequence[K]], defaults: Level = NOTHING
) -> Level:
    """What a device in these groups, in this order, inherits. Unknown groups and circles of groups are passed over."""
    ancestry = [one for one in ancestors(groups, parents) if one in levels]
    nearest = [levels[one] for one in ancestry]
    leaf = next((at for at, one in enumerate(ancestry, start=1) if not parents.get(one)), len(ancestry))
    for_connections = [*nearest[:leaf], defaults, *nearest[leaf:]]
    nearest.append(defaults)
    return Level(
        fields=_first_of(level.fields for level in nearest),
        facts=_first_of(level.facts for level in nearest),
        connections=_merged([level.connections for level in for_connections]),
    )


def ancestors(groups: Sequence[K], parents: Mapping[K, Sequence[K]]) -> list[K]:
    """The groups, each followed by those it inherits from, depth first, each once."""
    found: dict[K, None] = {}
    waiting = list(reversed(groups))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            waiting += reversed(parents.get(one, ()))
    return list(found)


def work_out(own: Level, inherited: Level) -> WorkedOut:
    """A device's own values completed with what it inherits."""
    connections = _merged([own.connections, inherited.connections])
    missing = Inherited(
        fields=[name for name in inherited.fields if name not in own.fields],
        facts=[name for name in inherited.facts if name not in own.facts],
        connections=dict(_missing_options(own.connections, connections)),
    )
    level = Level(
        fields={**inherited.fields, **own.fields},
        facts={**inherited.facts, **own.facts},
        connections=connections,
    )
    return WorkedOut(level=level, inherited=missing if missing != Inherited() else None)


def own_part(level: Level, inherited: Inherited | None) -> Level:
    """What the device says itself: the inverse of `work_out`."""
    if inherited is None:
        return level
    return Level(
        fields=_without(level.fields, inherited.fields),
        facts=_without(level.facts, inherited.facts),
        connections={
            name: _without(options, inherited.connections.get(name) or ())
            for name, options in level.connections.items()
            if inherited.connections.get(name, ()) is not None
        },
    )


def _missing_options(
    own: Mapping[str, Fields], worked_out: Mapping[str, Fields]
) -> Iterator[tuple[str, list[str] | None]]:
    for name, options in worked_out.items():
        if name not in own:
            yield name, None
        elif missing := [key for key in options if key not in own[name]]:
            yield name, missing


def _first_of(sources: Iterable[Fields]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in sources:
        for key, value in source.items():
            found.setdefault(key, value)
    return found


def _merged(sources: Sequence[Mapping[str, Fields]]) -> dict[str, dict[str, Any]]:
    names = dict.fromkeys(name for source in sources for name in source)
    return {name: _first_of(source.get(name, _NONE) for source in sources) for name in names}


def _without(values: Fields, names: Iterable[str]) -> dict[str, Any]:
    gone = set(names)
    return {name: value for name, value in values.items() if name not in gone}
