"""Nornir inventory → CMS → job context → Nornir inventory: every host is what it was, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups
from sqlalchemy import Connection, create_engine, event

from neops.cms import EntityStore, import_batch, metadata
from neops.entities import REVEAL, Device, EntityType
from neops.testing import create_workflow_context
from neops_cms_inventory import to_inventory
from neops_nornir_inventory.mapping import to_entities

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CONNECTIONS = ("netmiko", "napalm", "scrapli", "дом", "never said")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
DATA = st.dictionaries(st.sampled_from(["site", "role", "größe", "vendor", ""]), VALUES)
LOGIN: dict[str, st.SearchStrategy[Any]] = {
    "hostname": st.none() | st.just("192.0.2.1") | TEXT,
    "port": st.none() | st.integers(1, 65535),
    "username": st.none() | TEXT,
    "password": st.none() | TEXT,
    "platform": st.none() | st.sampled_from(["ios", "cisco_ios", "eos", "cisco_iosxe", "no-such-os"]),
}
OPTIONS = st.dictionaries(st.sampled_from(CONNECTIONS[:-1]), st.builds(ConnectionOptions, **LOGIN, extras=DATA))
SAID = {**LOGIN, "data": DATA, "connection_options": OPTIONS}


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    defaults = draw(st.builds(Defaults, **SAID))
    groups = Groups()
    for name in draw(st.lists(st.sampled_from(["core", "zürich", "东京", "a b"]), unique=True)):
        parents = draw(st.lists(st.sampled_from(list(groups.values())), unique=True)) if groups else []
        groups[name] = Group(
            name=name, groups=ParentGroups(parents), defaults=defaults, **draw(st.fixed_dictionaries(SAID))
        )
    hosts = Hosts()
    for name in draw(st.lists(TEXT.filter(bool), unique=True, max_size=4)):
        mine = draw(st.lists(st.sampled_from(list(groups.values())), unique=True)) if groups else []
        hosts[name] = Host(name=name, groups=ParentGroups(mine), defaults=defaults, **draw(st.fixed_dictionaries(SAID)))
    return Inventory(hosts=hosts, groups=groups, defaults=defaults)


@contextmanager
def empty_cms() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def through_cms_and_context(inventory: Inventory, *, with_groups: bool) -> Inventory:
    store = EntityStore()
    with empty_cms() as connection:
        import_batch(connection, to_entities(inventory), NOW)
        found = store.related(connection, EntityType.DEVICE, store.ids(connection, EntityType.DEVICE))
        secrets = store.secrets(connection, [device.id for device in found.devices])
    devices = [one.model_copy(update=vars(secrets[one.id])) for one in found.devices]
    context = create_workflow_context(
        devices=[Device.model_validate_json(one.model_dump_json(by_alias=True, context=REVEAL)) for one in devices],
        device_groups=found.device_groups if with_groups else [],
    )
    return to_inventory(context.devices, context.device_groups)


def seen(host: Host) -> dict[str, Any]:
    """All that a task can ask of a host; connection parameters before they are fitted to the plugin."""
    told = {name: Host.get_connection_parameters(host, name).dict() for name in CONNECTIONS}
    names = ("name", "hostname", "port", "username", "password", "platform")
    return {**{name: getattr(host, name) for name in names}, "data": dict(host.items()), "connections": told}


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_every_host_comes_back(inventory: Inventory) -> None:
    back = through_cms_and_context(inventory, with_groups=True)

    assert {name: seen(host) for name, host in back.hosts.items()} == {
        name: seen(host) for name, host in inventory.hosts.items()
    }
    for name, host in back.hosts.items():
        original = inventory.hosts[name]
        assert [group.name for group in host.groups] == [group.name for group in original.groups]
        assert [group.name for group in host.extended_groups()] == [one.name for one in original.extended_groups()]
        assert {group.name: group.data for group in host.extended_groups()} == {
            group.name: group.data for group in original.extended_groups()
        }
        assert host.data == original.data


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_hosts_whose_groups_are_not_in_the_context_look_the_same_to_tasks(inventory: Inventory) -> None:
    back = through_cms_and_context(inventory, with_groups=False)

    assert {name: seen(host) for name, host in back.hosts.items()} == {
        name: seen(host) for name, host in inventory.hosts.items()
    }
