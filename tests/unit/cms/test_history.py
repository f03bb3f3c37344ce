from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import JsonValue
from sqlalchemy import Connection, select

from neops.cms import (
    Author,
    EntityStore,
    FieldChange,
    HistoryEntry,
    Operation,
    apply_updates,
    config_version,
    config_versions,
    history_of,
    history_of_run,
    import_batch,
)
from neops.cms.tables import history
from neops.entities import (
    EntityBatch,
    EntityCreate,
    EntityDelete,
    EntityPatch,
    EntityType,
    EntityUpdate,
    NewGroup,
    Secret,
)

RUN = Author(name="alice", run="run-7")


def _apply(connection: Connection, now: datetime, *updates: EntityUpdate) -> list[HistoryEntry]:
    apply_updates(connection, updates, now, RUN)
    return history_of_run(connection, "run-7")


def _patch(path: str, value: JsonValue, id_: int = 1) -> EntityPatch:
    return EntityPatch.model_construct(entity=EntityType.DEVICE, id=id_, path=path, value=value)


def test_a_change_says_who_when_in_which_run_and_what_was_before(filled: Connection, now: datetime) -> None:
    (entry,) = _apply(filled, now, _patch("ip", "192.0.2.9"), _patch("facts.role", "edge"), _patch("facts.new", 1))

    assert (entry.author, entry.run, entry.at, entry.name) == ("alice", "run-7", now, "r1")
    assert entry.changes == (
        FieldChange(path="ip", before="192.0.2.1", after="192.0.2.9"),
        FieldChange(path="facts.role", before="core", after="edge"),
        FieldChange(path="facts.new", before=None, after=1),
    )


def test_a_platform_is_recorded_by_name(filled: Connection, now: datetime) -> None:
    changed, created = _apply(filled, now, _patch("platform", {"short_name": "frr"}))

    assert (created.entity, created.name, created.operation) == ("platform", "frr", Operation.CREATED)
    assert changed.changes == (FieldChange(path="platform", before="cisco_ios", after="frr"),)


def test_other_parents_of_a_group_are_recorded(filled: Connection, now: datetime) -> None:
    import_batch(filled, EntityBatch(groups=(NewGroup(name="core", parents=["access"]),)), now, RUN)

    (entry,) = history_of_run(filled, "run-7")
    assert entry.name == "core"
    assert entry.changes == (FieldChange(path="parents", before=[], after=["access"]),)


def test_secrets_are_recorded_as_changed_only(filled: Connection, now: datetime) -> None:
    (entry,) = _apply(filled, now, _patch("password", Secret("s3cret")))

    assert entry.changes == (FieldChange(path="password", hidden=True),)
    written = filled.execute(select(history.c.changes)).all()
    assert "s3cret" not in repr(written)
    assert "hunter2" not in repr(written)


def test_a_patch_that_changes_nothing_is_not_recorded(filled: Connection, now: datetime) -> None:
    assert _apply(filled, now, _patch("ip", "192.0.2.1")) == []


def test_a_deleted_device_is_remembered_with_what_it_was(filled: Connection, now: datetime) -> None:
    (entry,) = _apply(filled, now, EntityDelete(entity=EntityType.DEVICE, id=1))

    assert entry.operation is Operation.DELETED
    assert FieldChange(path="ip", before="192.0.2.1") in entry.changes
    assert FieldChange(path="password", hidden=True) in entry.changes


def test_a_created_device_has_a_beginning(filled: Connection, now: datetime) -> None:
    (entry,) = _apply(filled, now, EntityCreate(entity=EntityType.DEVICE, id=10_000_000, data={"hostname": "r9"}))

    assert (entry.operation, entry.name) == (Operation.CREATED, "r9")


def test_an_import_is_in_the_history_and_its_repetition_is_not(
    filled: Connection, network: EntityBatch, now: datetime
) -> None:
    r1, *others = network.devices
    moved = replace(network, devices=(r1.model_copy(update={"ip": "192.0.2.9", "groups": ["access"]}), *others))

    for _ in range(2):
        import_batch(filled, moved, now, Author(name="import nornir:x"))

    changed, created = history_of(filled, "device", name="r1")
    assert (created.operation, changed.author) == (Operation.CREATED, "import nornir:x")
    assert changed.changes == (
        FieldChange(path="ip", before="192.0.2.1", after="192.0.2.9"),
        FieldChange(path="groups", before=["core"], after=["access"]),
    )


def test_every_configuration_that_was_current_is_kept(filled: Connection, now: datetime) -> None:
    for text in ("one", "two", "two", "one"):
        _apply(filled, now, _patch("current_configuration", text))

    assert [(one.number, one.run, one.configuration) for one in config_versions(filled, 1)] == [
        (3, "run-7", None),
        (2, "run-7", None),
        (1, "run-7", None),
    ]
    second = config_version(filled, 1, 2)
    assert second is not None
    assert second.configuration == "two"
    assert config_version(filled, 1, 9) is None


def test_times_come_back_aware(filled: Connection) -> None:
    (device,) = EntityStore().devices(filled, [1])

    assert device.created_at is not None
    assert device.created_at.tzinfo is not None


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("port", 70_000, "port: Input should be less than or equal to 65535"),
        ("connection_state", "FINE", "connection_state: Input should be"),
        ("facts", [1], "facts: Input should be a valid dictionary"),
        ("connection_options", "{not json", "connection_options: it is no JSON object"),
        ("hostname", "r2", "another device with the hostname 'r2' exists already"),
        ("groups", [{"name": "nowhere"}], "its group 'nowhere' is not known"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    filled: Connection, now: datetime, path: str, value: JsonValue, reason: str
) -> None:
    (refused,) = apply_updates(filled, [_patch(path, value)], now).refused

    assert refused.reason.startswith(reason)


def test_two_patches_cannot_take_the_same_name(filled: Connection, now: datetime) -> None:
    applied = apply_updates(filled, [_patch("hostname", "x"), _patch("hostname", "x", id_=2)], now)

    assert applied.applied == 1
    assert len(applied.refused) == 1
