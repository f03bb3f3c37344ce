"""What clients of `/cms` send and get of inventories and of the history."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import to_json
from starlette.responses import Response

from neops.cms import Delivered, Delivery, FieldChange, HistoryEntry, Operation
from neops.engine.api.cms_messages import PAGE_MAX
from neops.entities import (
    REVEAL,
    EntityBatch,
    NewDevice,
    NewGroup,
)
from neops.protocol import Message
from neops.protocol.message import Timestamp

HISTORY_MAX: Final = 10_000
"""Changes in one answer."""


class HistoryKind(StrEnum):
    """What has a history."""

    DEVICE = "device"
    GROUP = "group"
    INTERFACE = "interface"
    PLATFORM = "platform"


class FieldChangeMessage(Message):
    """`hidden`: a secret or a configuration changed; its values are not kept here."""

    path: str
    before: JsonValue = None
    after: JsonValue = None
    hidden: bool = False


class HistoryMessage(Message):
    """One change of one entity."""

    id: int
    at: Timestamp
    author: str
    run: str | None
    entity: str
    entity_id: int
    name: str | None
    operation: str
    changes: list[FieldChangeMessage]

    @classmethod
    def of(cls, entry: HistoryEntry) -> HistoryMessage:
        return cls(
            id=entry.id,
            at=entry.at,
            author=entry.author,
            run=entry.run,
            entity=entry.entity,
            entity_id=entry.entity_id,
            name=entry.name,
            operation=entry.operation.value,
            changes=[
                FieldChangeMessage(path=one.path, before=one.before, after=one.after, hidden=one.hidden)
                for one in entry.changes
            ],
        )

    def entry(self) -> HistoryEntry:
        """The change as the CMS knows it."""
        return HistoryEntry(
            id=self.id,
            at=self.at,
            author=self.author,
            run=self.run,
            entity=self.entity,
            entity_id=self.entity_id,
            name=self.name,
            operation=Operation(self.operation),
            changes=tuple(
                FieldChange(path=one.path, before=one.before, after=one.after, hidden=one.hidden)
                for one in self.changes
            ),
        )


class Bulk(BaseModel):
    """An inventory: devices are found again by host name, groups by name, interfaces by device and name.

    `source` names it in the history. `origin` is what its devices are remembered by: `gone` names those that it had and
    has no more; `prune` deletes them, unless another one has them. `cursor` is how far it was read.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    devices: list[NewDevice] = Field(default_factory=list)
    groups: list[NewGroup] = Field(default_factory=list)
    source: str | None = None
    origin: str | None = None
    gone: list[str] = Field(default_factory=list)
    prune: bool = False
    cursor: str | None = None

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> Self:
        if self.gone and self.origin is None:
            raise ValueError("gone: say of which origin")
        if self.cursor is not None and self.source is None:
            raise ValueError("cursor: say of which source")
        return self

    def delivery(self, *, changes: bool) -> Delivery:
        """What the CMS shall take."""
        batch = EntityBatch(
            devices=tuple(self.devices), groups=tuple(self.groups), cursor=self.cursor, origin=self.origin
        )
        return Delivery(batch=batch, source=self.source, gone=self.gone, prune=self.prune, changes=changes)


class BulkResult(Message):
    """How many entities were created, changed and left as they were; which devices of `gone` no inventory has."""

    created: int
    changed: int
    unchanged: int
    gone: list[str]
    changes: list[HistoryMessage]

    @classmethod
    def of(cls, done: Delivered) -> BulkResult:
        return cls(
            created=done.summary.created,
            changed=done.summary.changed,
            unchanged=done.summary.unchanged,
            gone=[*done.gone],
            changes=[HistoryMessage.of(entry) for entry in done.changes],
        )


class SourceMessage(Message):
    """How far a source was read; host names of the devices that an inventory has, or had, and that others have too."""

    cursor: str | None
    devices: list[str]
    shared: list[str]


class Exporting(BaseModel):
    """What is asked of an export."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(default="", description="Only the devices that this query finds, with the groups they need.")
    limit: int = Field(default=PAGE_MAX, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(default=None, description="`nextCursor` of the page before, with the same query.")
    credentials: bool = Field(default=False, description="Write passwords and connection options too.")


class Export(BaseModel):
    """Devices and groups with their own values; a group may come on several pages."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    devices: list[NewDevice]
    groups: list[NewGroup]
    next_cursor: str | None

    @classmethod
    def answer(cls, batch: EntityBatch, cursor: str | None, *, credentials: bool) -> Response:
        """One page, with credentials only where they are asked for."""
        hidden = {"__all__": {"password", "connection_options"}}
        body = to_json(
            {"devices": batch.devices, "groups": batch.groups, "nextCursor": cursor},
            by_alias=True,
            exclude_none=True,
            exclude=None if credentials else {"devices": hidden, "groups": hidden},
            context=REVEAL,
        )
        headers = {"Cache-Control": "no-store"} if credentials else None
        return Response(body, headers=headers, media_type="application/json")
