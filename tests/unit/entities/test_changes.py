from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.entities import (
    MASK,
    ConnectionState,
    Device,
    DeviceGroup,
    EntityCreate,
    EntityDelete,
    EntityPatch,
    EntityReference,
    EntityType,
    EntityUpdate,
    Inherited,
    Interface,
    Platform,
    Secret,
)
from neops.entities.changes import READ_ONLY, Changeable, diff
from neops.entities.jsonable import NotJson


def changed(before: Changeable, **fields: Any) -> tuple[EntityUpdate, ...]:
    after = before.model_copy(deep=True)
    for name, value in fields.items():
        setattr(after, name, value)
    return diff([before], [after]).updates


def patches(updates: Iterable[EntityUpdate]) -> list[tuple[str, Any]]:
    return [(update.path, update.value) for update in updates if isinstance(update, EntityPatch)]


@pytest.fixture
def device() -> Device:
    return Device(id=7, hostname="r1", facts={"os": "ios"}, password=Secret("old-one"))


def test_only_changed_fields_are_patched_in_the_models_order(device: Device) -> None:
    updates = changed(device, software_release="17.9", ip="192.0.2.7", hostname="r1")

    assert patches(updates) == [("ip", "192.0.2.7"), ("software_release", "17.9")]


def test_values_are_plain_json(device: Device) -> None:
    updates = changed(
        device,
        connection_state=ConnectionState.OK,
        platform=Platform(short_name="arista_eos"),
        groups=[EntityReference(id=2)],
    )

    assert patches(updates) == [
        ("platform", {"short_name": "arista_eos"}),
        ("connection_state", "OK"),
        ("groups", [{"id": 2}]),
    ]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"os": "ios", "site": "zrh"}, [("facts.site", "zrh")]),
        ({"os": "eos", "a": 1}, [("facts.a", 1), ("facts.os", "eos")]),
        ({}, [("facts", {})]),
        ({"site": "zrh"}, [("facts", {"site": "zrh"})]),
        ({"os": "ios", "a.b": 1}, [("facts", {"os": "ios", "a.b": 1})]),
        ({"os": "ios", "": 1}, [("facts", {"os": "ios", "": 1})]),
        ({"os": {"name": "ios"}}, [("facts.os", {"name": "ios"})]),
        ({"os": "ios"}, []),
    ],
)
def test_facts_are_patched_by_key_where_that_says_it_all(
    facts: dict[str, Any], expected: list[tuple[str, Any]], device: Device
) -> None:
    assert patches(changed(device, facts=facts)) == expected


def test_a_changed_password_is_real_on_the_wire_and_masked_everywhere_else(device: Device) -> None:
    (patch,) = changed(device, password=Secret("new-one"))

    assert "new-one" not in repr(patch)
    assert json.loads(patch.model_dump_json())["value"] == "new-one"


def test_a_created_password_is_real_on_the_wire_and_masked_everywhere_else() -> None:
    (create,) = diff([], [], created=[Device(id=10_000_000, password=Secret("new-one"))]).updates

    assert "new-one" not in repr(create)
    assert json.loads(create.model_dump_json())["data"]["password"] == "new-one"


def test_a_secret_inside_facts_stays_masked(device: Device) -> None:
    device_after = device.model_copy(deep=True)
    device_after.facts["leak"] = Secret("new-one")

    assert patches(diff([device], [device_after]).updates) == [("facts.leak", MASK)]


@pytest.mark.parametrize("name", sorted(READ_ONLY & Device.model_fields.keys()))
def test_what_the_cms_keeps_itself_is_refused(name: str, device: Device) -> None:
    values = {
        "permission_flags": ["w"],
        "is_read_locked": True,
        "is_write_locked": True,
        "inherited": Inherited(fields=["port"]),
        "platform_alias": "ios",
    }
    value: Any = values.get(name, 5)
    after = device.model_copy(deep=True)
    setattr(after, name, datetime(2026, 1, 1, tzinfo=UTC) if name.endswith("_at") else value)

    changes = diff([device], [after])

    assert changes.updates == ()
    assert changes.refused == (f"device r1: {name} is read-only",)


def test_creates_come_first_and_deletes_last(device: Device) -> None:
    after = device.model_copy(update={"model": "ASR1001"})
    port, group = Interface(id=72, name="eth1"), DeviceGroup(id=2, name="lab")
    new = Device(id=10_000_000, hostname="r9")

    updates = diff([group, port, device], [group, port, after], created=[new], deleted=[group, port]).updates

    assert [(update.operation, update.entity) for update in updates] == [
        ("create", EntityType.DEVICE),
        ("patch", EntityType.DEVICE),
        ("delete", EntityType.INTERFACE),
        ("delete", EntityType.GROUP),
    ]


def test_what_points_at_an_entity_created_later_follows_as_a_patch() -> None:
    group = DeviceGroup(id=10_000_000, name="lab", devices=[EntityReference(id=10_000_001)])
    device = Device(id=10_000_001, hostname="r9", groups=[EntityReference(id=10_000_000)])

    updates = diff([], [], created=[group, device]).updates

    assert [update.operation for update in updates] == ["create", "create", "patch"]
    assert isinstance(updates[1], EntityCreate)
    assert updates[1].data["devices"] == [{"id": 10_000_001}]
    assert patches(updates) == [("groups", [{"id": 10_000_000}])]


@pytest.mark.parametrize(
    ("entity", "identifiers"),
    [
        (Device(id=10_000_000, hostname="r9", ip="192.0.2.9"), ("hostname",)),
        (Device(id=10_000_000, ip="192.0.2.9"), ("ip",)),
        (Interface(id=10_000_000, name="eth0"), ("name",)),
        (DeviceGroup(id=10_000_000), ()),
    ],
)
def test_an_entity_is_known_again_by_its_name(entity: Changeable, identifiers: tuple[str, ...]) -> None:
    (create,) = diff([], [], created=[entity]).updates

    assert isinstance(create, EntityCreate)
    assert create.identifier_fields == identifiers


def test_a_field_without_a_json_form_is_named(device: Device) -> None:
    after = device.model_copy(deep=True)
    after.facts["x"] = [object()]  # type: ignore[list-item]  # what an author may do all the same

    with pytest.raises(NotJson, match=r"device r1: facts\.x\[0\] is of type object, which has no JSON form"):
        diff([device], [after])


texts = st.text(st.characters(codec="utf-8"), max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
references = st.lists(st.integers(1, 9).map(lambda id_: EntityReference(id=id_)), max_size=3)
devices = st.builds(
    Device,
    id=st.just(7),
    hostname=st.none() | texts,
    password=st.none() | texts.map(Secret),
    platform=st.none() | st.builds(Platform, id=st.none() | st.integers(1, 9), short_name=st.none() | texts),
    connection_state=st.none() | st.sampled_from(ConnectionState),
    port=st.none() | st.integers(1, 65535),
    facts=st.dictionaries(texts | st.just("a.b"), json_values, max_size=4),
    groups=references,
)


def applied(updates: Iterable[EntityUpdate], entities: dict[tuple[EntityType, int], dict[str, Any]]) -> None:
    """What a CMS does with updates, over JSON, on entities by kind and id."""
    for update in updates:
        wire = json.loads(update.model_dump_json(by_alias=True))
        key = (update.entity, update.id)
        match update:
            case EntityCreate():
                entities[key] = wire["data"]
            case EntityDelete():
                del entities[key]
            case EntityPatch() if update.path.startswith("facts."):
                entities[key]["facts"][update.path.removeprefix("facts.")] = wire["value"]
            case EntityPatch():
                entities[key][update.path] = wire["value"]


@given(before=devices, after=devices)
def test_applying_the_diff_gives_the_other_side(before: Device, after: Device) -> None:
    entities = {(EntityType.DEVICE, 7): before.model_dump(context={"reveal_secrets": True})}

    applied(diff([before], [after]).updates, entities)

    assert Device.model_validate(entities[EntityType.DEVICE, 7]) == after


@given(new=devices)
def test_a_create_holds_all_that_was_set(new: Device) -> None:
    entities: dict[tuple[EntityType, int], dict[str, Any]] = {}

    applied(diff([], [], created=[new]).updates, entities)

    assert Device.model_validate(entities[EntityType.DEVICE, 7]) == new


@given(one=devices)
def test_no_difference_is_no_update(one: Device) -> None:
    assert diff([one], [one.model_copy(deep=True)]).updates == ()


def test_facts_that_went_or_have_a_dot_are_named_beside_all_facts(device: Device) -> None:
    removed, dotted, plain = (
        changed(device, facts=facts)[0] for facts in ({"site": "zrh"}, {"os": "ios", "a.b": 1}, {"os": "eos"})
    )

    assert isinstance(removed, EntityPatch)
    assert removed.facts({"os": "ios", "other": 1}) == {"site": "zrh", "other": 1}
    assert json.loads(dotted.model_dump_json(by_alias=True))["keys"] == ["a.b"]
    assert "keys" not in json.loads(plain.model_dump_json(by_alias=True))
