"""A Nornir inventory in the CMS: what its hosts inherit is what Nornir says they inherit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups
from sqlalchemy import Connection, create_engine, event

from neops.cms import EntityStore, ImportSummary, import_batch, metadata
from neops.entities import EntityType, own_facts
from neops_nornir_inventory.mapping import to_entities

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NAMES = st.sampled_from(["core", "zürich", "дата-центр", "东京", "a.b", "neops"])
FACTS = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-9, 9) | TEXT | st.lists(TEXT, max_size=2))
ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "hostname": st.none() | TEXT,
    "port": st.none() | st.integers(1, 65535),
    "username": st.none() | TEXT,
    "password": st.none() | TEXT,
    "platform": st.none() | st.sampled_from(["ios", "cisco_ios", "eos", "cisco_iosxe", "no-such-os"]),
}
OPTIONS = st.dictionaries(
    st.sampled_from(["netmiko", "napalm", "a.b"]),
    st.builds(ConnectionOptions, **ATTRIBUTES, extras=st.none() | FACTS),
    max_size=3,
)
SAID = {**ATTRIBUTES, "data": FACTS, "connection_options": OPTIONS}


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    defaults = draw(st.builds(Defaults, **SAID))
    groups = Groups()
    for name in draw(st.lists(NAMES, unique=True)):
        known = list(groups.values())
        parents = draw(st.lists(st.sampled_from(known), unique=True)) if known else []
        groups[name] = Group(
            name=name, groups=ParentGroups(parents), defaults=defaults, **draw(st.fixed_dictionaries(SAID))
        )
    hosts = Hosts()
    for name in draw(st.lists(TEXT.filter(bool), unique=True, max_size=4)):
        chosen = draw(st.lists(st.sampled_from(list(groups.values())), unique=True)) if groups else []
        hosts[name] = Host(
            name=name, groups=ParentGroups(chosen), defaults=defaults, **draw(st.fixed_dictionaries(SAID))
        )
    return Inventory(hosts=hosts, groups=groups, defaults=defaults)


@contextmanager
def empty_cms() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def effective_options(host: Host) -> Mapping[str, dict[str, Any]]:
    levels = [one.connection_options for one in (host, *host.extended_groups())]
    names = {name for options in (*levels, host.defaults.connection_options) for name in options}
    merged = {name: host._get_connection_options_recursively(name) for name in names}
    return {
        name: {key: value for key, value in options.dict().items() if value is not None}
        for name, options in merged.items()
        if options is not None
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_a_device_has_what_its_host_has(inventory: Inventory) -> None:
    batch = to_entities(inventory)
    store = EntityStore()
    with empty_cms() as connection:
        import_batch(connection, batch, NOW)
        again = import_batch(connection, batch, NOW)
        related = store.related(connection, EntityType.DEVICE, store.ids(connection, EntityType.DEVICE))
        secrets = store.secrets(connection, [device.id for device in related.devices])
    names = {group.id: group.name for group in related.device_groups}

    assert (again.created, again.changed) == (0, 0)
    assert {device.hostname for device in related.devices} == set(inventory.hosts)
    for device in related.devices:
        host = inventory.hosts[device.hostname or ""]
        password, options = secrets[device.id].password, secrets[device.id].connection_options
        assert (device.ip, device.port, device.username) == (host.hostname, host.port, host.username)
        assert (password.reveal() if password is not None else None) == host.password
        assert (device.platform_alias or device.platform_name) == host.platform
        assert [names[group.id or 0] for group in device.groups] == [group.name for group in host.groups]
        assert device.facts == host.extended_data()
        assert own_facts(device) == host.data
        assert (json.loads(options.reveal()) if options else {}) == effective_options(host)


def test_members_follow_a_group_that_changes(chain: Inventory) -> None:
    with empty_cms() as connection:
        import_batch(connection, to_entities(chain), NOW)
        chain.groups["zurich"].username = "new"
        chain.groups["zurich"].data = {"site": "ZRH"}

        summary = import_batch(connection, to_entities(Inventory(hosts=Hosts(), groups=chain.groups)), NOW)

        (device,) = EntityStore().devices(connection, [1])
    assert summary == ImportSummary(changed=1, unchanged=1)
    assert device.username == "new"
    assert device.facts == {"site": "ZRH"}


def test_a_device_comes_with_the_groups_above_its_groups(chain: Inventory) -> None:
    with empty_cms() as connection:
        import_batch(connection, to_entities(chain), NOW)

        (core,) = EntityStore().related(connection, EntityType.DEVICE, [1]).device_groups
    assert core.name == "core"
    assert [(parent.name, parent.facts) for parent in core.parents] == [("zurich", {"site": "zrh"})]


@pytest.fixture
def chain() -> Inventory:
    """r1, in core, which inherits from zurich."""
    zurich = Group(name="zurich", username="zrh", data={"site": "zrh"})
    core = Group(name="core", groups=ParentGroups([zurich]))
    host = Host(name="r1", groups=ParentGroups([core]))
    return Inventory(hosts=Hosts({"r1": host}), groups=Groups({"core": core, "zurich": zurich}))
