"""Which entities a job was given, which it made and which it gave up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic_core import PydanticSerializationError

from neops.entities import REVEAL, TEMPORARY_ID_MIN
from neops.entities.changes import Changeable, Changes, diff, entity_type


class Tracker:
    """Remembers how a job's entities were, to find at the end what the job changed."""

    def __init__(self, entities: Iterable[Changeable], new_ids: Iterator[int]) -> None:
        self._given = {(entity_type(entity), entity.id): entity for entity in entities}
        self._before = {key: _text(entity) for key, entity in self._given.items()}
        self._created: list[Changeable] = []
        self._deleted: list[Changeable] = []
        self._new_ids = new_ids

    def new_id(self) -> int:
        """The next temporary id."""
        return next(self._new_ids)

    def create(self, entity: Changeable) -> None:
        """The entity is new, whether it stays in a list or not."""
        if not any(entity is one for one in self._created):
            self._created.append(entity)

    def delete(self, entity: Changeable) -> None:
        """The entity shall go; one that the job made itself is forgotten."""
        if (entity_type(entity), entity.id) in self._given:
            self._deleted.append(entity)
        else:
            self._created = [one for one in self._created if one is not entity]

    def changes(self, listed: Sequence[Changeable]) -> Changes:
        """What differs now; `listed` are the entities in the context's lists.

        An entity that is in a list and was not given is new. One that replaces a given one (same kind and id) holds
        its new values. One that is missing from the lists is unchanged.

        Raises:
            NotJson: a changed field holds something without a JSON form.
        """
        now = dict(self._given)
        own = {id(entity) for entity in self._given.values()}
        for entity in listed:
            key = (entity_type(entity), entity.id)
            if key in now:
                now[key] = entity
            elif id(entity) not in own:
                self.create(entity)
        self._give_ids()
        touched = [(key, entity) for key, entity in now.items() if _text(entity) != self._before[key]]
        before = [type(self._given[key]).model_validate_json(self._before[key]) for key, _ in touched]
        return diff(before, [entity for _, entity in touched], created=self._created, deleted=self._deleted)

    def _give_ids(self) -> None:
        taken = set(self._given)
        for entity in self._created:
            if entity.id < TEMPORARY_ID_MIN or (entity_type(entity), entity.id) in taken:
                entity.id = self.new_id()
            taken.add((entity_type(entity), entity.id))


def _text(entity: Changeable) -> str:
    """The entity as JSON, to compare and to keep: ten times faster than a deep copy, and a job may have 10,000."""
    try:
        return entity.model_dump_json(context=REVEAL, warnings=False)
    except (PydanticSerializationError, ValueError):
        return ""  # an author put in something without a JSON form: changed, and the diff says where
