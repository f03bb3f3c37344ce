"""What a job wants changed in the CMS: the updates, and the pure diff that finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from neops.entities.jsonable import to_json
from neops.entities.models import Device, DeviceGroup, Interface
from neops.entities.references import EntityId, EntityType
from neops.entities.secrets import Secret


def _is_empty(keys: tuple[str, ...]) -> bool:
    return not keys


class _Update(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    entity: EntityType
    id: EntityId


class EntityCreate(_Update):
    """A new entity.

    `id` is temporary (TEMPORARY_ID_MIN on) and other updates of the same batch may point at it. With
    `skip_if_identifier_exists` an entity that already has the values of `identifier_fields` is left as it is.
    `data` has snake_case keys.
    """

    operation: Literal["create"] = "create"
    data: dict[str, Any]
    identifier_fields: tuple[str, ...] = ()
    skip_if_identifier_exists: bool = False


class EntityPatch(_Update):
    """A new value for one field: `path` is its snake_case name, or a dotted path into an object (`facts.site`).

    `keys` are of the path `facts` alone: which of them changed or went, where a dotted path cannot say it. Ours: an
    engine that does not know it takes `value`, which is all of them, for all.
    """

    operation: Literal["patch"] = "patch"
    path: str
    value: JsonValue = None
    keys: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)

    def facts(self, known: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """The facts as a patch of the path `facts` makes them, of those that are known."""
        given = self.value if isinstance(self.value, dict) else {}
        if not self.keys:
            return dict(given)
        kept = {key: value for key, value in known.items() if key not in self.keys}
        return kept | {key: given[key] for key in self.keys if key in given}


class EntityDelete(_Update):
    """An entity to remove."""

    operation: Literal["delete"] = "delete"


EntityUpdate = Annotated[EntityCreate | EntityPatch | EntityDelete, Field(discriminator="operation")]

Changeable: TypeAlias = Device | DeviceGroup | Interface
"""What a block can create, change and delete."""

READ_ONLY = frozenset(
    {
        *("id", "created_at", "updated_at", "deleted_at", "first_seen_at", "inventory_updated_at"),
        *("inherited", "parents", "platform_alias"),
        *("active_lock_counts", "group_count", "interface_count", "device_count", "client_count"),
        *("is_read_locked", "is_write_locked", "permission", "permission_flags", "role_permissions"),
    }
)
"""Fields that the CMS keeps itself: a job cannot change them."""

_KINDS: Mapping[type[Changeable], EntityType] = {
    Device: EntityType.DEVICE,
    DeviceGroup: EntityType.GROUP,
    Interface: EntityType.INTERFACE,
}
_REFERENCES: Mapping[str, EntityType] = {
    "device": EntityType.DEVICE,
    "devices": EntityType.DEVICE,
    "controller": EntityType.DEVICE,
    "groups": EntityType.GROUP,
    "interface": EntityType.INTERFACE,
    "interfaces": EntityType.INTERFACE,
}
_Key: TypeAlias = tuple[EntityType, int]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The updates in the order in which they apply, and the changes that were refused, one sentence each."""

    updates: tuple[EntityUpdate, ...] = ()
    refused: tuple[str, ...] = ()


def entity_type(entity: Changeable) -> EntityType:
    """What kind of entity it is on the wire."""
    return next(kind for model, kind in _KINDS.items() if isinstance(entity, model))


def diff(
    before: Sequence[Changeable],
    after: Sequence[Changeable],
    *,
    created: Iterable[Changeable] = (),
    deleted: Iterable[Changeable] = (),
) -> Changes:
    """The updates that make `after` of `before`: creates, patches, deletes.

    `before[i]` and `after[i]` are the same entity; `created` have temporary ids and may point at each other;
    what is in `deleted` is not patched. Passwords stay `Secret` in the updates: masked in a repr, real in their JSON.

    Raises:
        NotJson: a changed field holds something without a JSON form.
    """
    gone = {_key(entity): EntityDelete(entity=entity_type(entity), id=entity.id) for entity in deleted}
    patches: list[EntityPatch] = []
    refused: list[str] = []
    for old, new in sorted(zip(before, after, strict=True), key=lambda pair: _rank(pair[0])):
        if _key(old) not in gone:
            fields = [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
            patches += [patch for name in fields if name not in READ_ONLY for patch in _patches(old, new, name)]
            refused += [f"{_named(old)}: {name} is read-only" for name in fields if name in READ_ONLY]
    creates, late = _creates([entity for entity in created if _key(entity) not in gone])
    deletes = sorted(gone.values(), key=lambda update: -_RANKS.index(update.entity))
    return Changes(updates=(*creates, *late, *patches, *deletes), refused=tuple(refused))


_RANKS = tuple(_KINDS.values())


def _rank(entity: Changeable) -> int:
    return _RANKS.index(entity_type(entity))


def _key(entity: Changeable) -> _Key:
    return entity_type(entity), entity.id


def _named(entity: Changeable) -> str:
    return f"{entity_type(entity)} {entity.name or entity.id}"


def _patches(old: Changeable, new: Changeable, name: str) -> Iterator[EntityPatch]:
    was, now = _json_field(old, name), _json_field(new, name)
    if was == now:
        return
    if name == "facts" and isinstance(was, dict) and isinstance(now, dict):
        changed = sorted(key for key in now if key not in was or was[key] != now[key])
        if was.keys() <= now.keys() and all(key and "." not in key for key in changed):
            yield from (_patch(old, f"facts.{key}", now[key]) for key in changed)
            return
        yield _patch(old, name, now, keys=(*changed, *sorted(was.keys() - now.keys())))
        return
    yield _patch(old, name, now)


def _patch(entity: Changeable, path: str, value: JsonValue, keys: tuple[str, ...] = ()) -> EntityPatch:
    # Validation would make a plain, printable str of a Secret.
    return EntityPatch.model_construct(entity=entity_type(entity), id=entity.id, path=path, value=value, keys=keys)


def _creates(created: Sequence[Changeable]) -> tuple[list[EntityCreate], list[EntityPatch]]:
    """Creates, and patches for what points at entities that only exist once all creates are applied."""
    creates: list[EntityCreate] = []
    late: list[EntityPatch] = []
    ahead = {_key(entity) for entity in created}
    for entity in sorted(created, key=_rank):
        data = _data(entity)
        waiting = [name for name in data if _points_at(name, data[name], ahead)]
        late += [_patch(entity, name, data.pop(name)) for name in waiting]
        ahead.discard(_key(entity))
        creates.append(_create(entity, data))
    return creates, late


def _create(entity: Changeable, data: dict[str, JsonValue]) -> EntityCreate:
    identifiers = ("hostname", "ip") if isinstance(entity, Device) else ("name",)
    return EntityCreate(
        entity=entity_type(entity),
        id=entity.id,
        data=data,
        identifier_fields=tuple(name for name in identifiers if data.get(name))[:1],
        skip_if_identifier_exists=True,
    )


def _data(entity: Changeable) -> dict[str, JsonValue]:
    """What was set: the CMS has the same defaults."""
    fields = type(entity).model_fields
    given = [name for name in fields if getattr(entity, name) != fields[name].get_default(call_default_factory=True)]
    return {name: _json_field(entity, name) for name in given if name not in READ_ONLY - {"id"}}


def _points_at(name: str, value: JsonValue, entities: set[_Key]) -> bool:
    kind, references = _REFERENCES.get(name), value if isinstance(value, list) else [value]
    ids = [reference.get("id") for reference in references if isinstance(reference, dict)]
    return kind is not None and any(isinstance(id_, int) and (kind, id_) in entities for id_ in ids)


def _json_field(entity: Changeable, name: str) -> JsonValue:
    value = getattr(entity, name)
    if isinstance(value, Secret):
        return value
    return to_json(_plain(value), f"{_named(entity)}: {name}")


def _plain(value: Any) -> Any:
    """Nested entities as the CMS takes them: snake_case keys, nothing that is not set."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    return [_plain(item) for item in value] if isinstance(value, list) else value
