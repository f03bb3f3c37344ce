"""A Nornir inventory in the CMS: what its hosts inherit is what Nornir says they inherit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups
from nornir.plugins.inventory.simple import SimpleInventory
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from neops.cms import EntityStore, ImportSummary, Refusal, export_batch, import_batch, metadata
from neops.entities import DEFAULTS_GROUP, EntityBatch, EntityType, NewDevice, NewGroup, own_facts
from neops_nornir_inventory.dumping import dump_inventory
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


@pytest.fixture(scope="module")
def database() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@contextmanager
def empty_cms(database: Engine) -> Iterator[Connection]:
    """A CMS that is forgotten again: making one anew for each example would take longer than the examples."""
    with database.connect() as connection:
        yield connection
        connection.rollback()


def effective_options(host: Host) -> Mapping[str, dict[str, Any]]:
    levels = [one.connection_options for one in (host, *host.extended_groups())]
    names = {name for options in (*levels, host.defaults.connection_options) for name in options}
    merged = {name: host._get_connection_options_recursively(name) for name in names}
    return {
        name: {key: value for key, value in options.dict().items() if value is not None}
        for name, options in merged.items()
        if options is not None
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventory=inventories())
def test_a_device_has_what_its_host_has(database: Engine, inventory: Inventory) -> None:
    batch = to_entities(inventory)
    store = EntityStore()
    with empty_cms(database) as connection:
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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventory=inventories())
def test_a_simple_inventory_comes_back_field_by_field(database: Engine, inventory: Inventory) -> None:
    with empty_cms(database) as connection, TemporaryDirectory() as folder:
        import_batch(connection, to_entities(inventory), NOW)
        dump_inventory(export_batch(connection), Path(folder))
        files = [str(Path(folder, f"{name}.yaml")) for name in ("hosts", "groups", "defaults")]
        back = SimpleInventory(*files).load()

    assert back.dict() == inventory.dict()


def test_members_follow_a_group_that_changes(database: Engine, chain: Inventory) -> None:
    with empty_cms(database) as connection:
        import_batch(connection, to_entities(chain), NOW)
        chain.groups["zurich"].username = "new"
        chain.groups["zurich"].data = {"site": "ZRH"}

        summary = import_batch(connection, to_entities(Inventory(hosts=Hosts(), groups=chain.groups)), NOW)

        store = EntityStore()
        (device,) = store.devices(connection, store.ids(connection, EntityType.DEVICE))
    assert summary == ImportSummary(changed=1, unchanged=1)
    assert device.username == "new"
    assert device.facts == {"site": "ZRH"}


def test_a_device_comes_with_the_groups_above_its_groups(database: Engine, chain: Inventory) -> None:
    with empty_cms(database) as connection:
        import_batch(connection, to_entities(chain), NOW)

        store = EntityStore()
        ids = store.ids(connection, EntityType.DEVICE)
        (core,) = store.related(connection, EntityType.DEVICE, ids).device_groups
    assert core.name == "core"
    assert [(parent.name, parent.facts) for parent in core.parents] == [("zurich", {"site": "zrh"})]


def test_defaults_that_come_later_reach_devices_that_were_there(database: Engine, chain: Inventory) -> None:
    with empty_cms(database) as connection:
        import_batch(connection, to_entities(chain), NOW)

        import_batch(connection, EntityBatch(groups=(NewGroup(name=DEFAULTS_GROUP, facts={"domain": "x"}),)), NOW)

        store = EntityStore()
        (device,) = store.devices(connection, store.ids(connection, EntityType.DEVICE))
    assert device.facts == {"site": "zrh", "domain": "x"}


def test_a_group_cannot_inherit_from_itself(database: Engine) -> None:
    """Nornir would look for a value in such groups for ever."""
    circle = (NewGroup(name="a", parents=["b"]), NewGroup(name="b", parents=["a"]))
    with empty_cms(database) as connection, pytest.raises(Refusal, match="would inherit from itself"):
        import_batch(connection, EntityBatch(groups=circle), NOW)


def test_naming_the_defaults_as_a_group_makes_no_member_of_them(database: Engine) -> None:
    groups = (NewGroup(name=DEFAULTS_GROUP, facts={"site": "zrh"}), NewGroup(name="a", parents=[DEFAULTS_GROUP]))
    devices = (NewDevice(hostname="r1", groups=["a", DEFAULTS_GROUP]),)
    with empty_cms(database) as connection:
        import_batch(connection, EntityBatch(groups=groups, devices=devices), NOW)
        again = import_batch(connection, EntityBatch(groups=groups, devices=devices), NOW)

        batch = export_batch(connection)
    assert again == ImportSummary(unchanged=3)
    assert [device.groups for device in batch.devices] == [["a"]]


@pytest.fixture
def chain() -> Inventory:
    """r1, in core, which inherits from zurich."""
    zurich = Group(name="zurich", username="zrh", data={"site": "zrh"})
    core = Group(name="core", groups=ParentGroups([zurich]))
    host = Host(name="r1", groups=ParentGroups([core]))
    return Inventory(hosts=Hosts({"r1": host}), groups=Groups({"core": core, "zurich": zurich}))
