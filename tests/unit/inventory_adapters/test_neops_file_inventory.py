from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neops.entities import EntityBatch, InterfaceState, NewDevice, NewGroup, NewInterface, Secret
from neops.errors import InventoryInvalid, UsageError
from neops_file_inventory import dump_csv, dump_yaml, load_csv, load_yaml

DEVICES = (
    NewDevice(
        hostname="r1",
        ip="192.0.2.1",
        port=22,
        username="admin",
        password=Secret('hunter2, "quoted"'),
        platform="cisco_ios",
        connection_options=Secret('{"netmiko": {"extras": {"secret": "s3cret"}}}'),
        groups=["core", "zürich"],
        facts={"role": "core", "tags": ["a", "b"], "site": {"name": "Zürich"}},
    ),
    NewDevice(hostname="r2", facts={}, groups=[]),
)


def test_a_csv_file_comes_back_as_it_was(tmp_path: Path) -> None:
    dump_csv(EntityBatch(devices=DEVICES), tmp_path / "out.csv")

    assert load_csv(str(tmp_path / "out.csv")).devices == DEVICES


def test_a_yaml_file_comes_back_as_it_was(tmp_path: Path) -> None:
    port = NewInterface(name="eth0", state=InterfaceState.UP, facts={"mtu": 9000})
    r1 = DEVICES[0].model_copy(update={"interfaces": [port]})
    path = tmp_path / "out.yaml"
    groups = (NewGroup(name="core", parents=["zürich"], username="ops"),)
    batch = EntityBatch(devices=(r1,), groups=groups, origin=f"yaml:{path}", complete=True)

    dump_yaml(batch, path)

    assert load_yaml(str(path)) == batch
    assert "'{\"netmiko" not in (tmp_path / "out.yaml").read_text()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
FACTS = st.dictionaries(st.sampled_from(["asn", "asn:json", "10:20", "2026-01-01", "no", ""]) | TEXT, JSON, max_size=4)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "ip": TEXT.filter(bool),
        "port": st.integers(1, 65535),
        "username": TEXT.filter(bool),
        "password": TEXT.filter(bool).map(Secret),
        "serial": st.sampled_from(["0012", "1e3", "0o17", "10:20:30:40:50:12", "2026-01-01", "no", "~", "a\x85b"]),
        "groups": st.lists(TEXT.filter(lambda name: bool(name.strip()) and name == name.strip() and ";" not in name)),
    },
)


@given(st.dictionaries(TEXT.filter(bool), st.tuples(SAID, FACTS), max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_whatever_devices_hold_comes_back_from_a_file(
    tmp_path: Path, form: str, said: dict[str, tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    dump, load = {"csv": (dump_csv, load_csv), "yaml": (dump_yaml, load_yaml)}[form]
    devices = tuple(NewDevice(hostname=name, facts=facts, **rest) for name, (rest, facts) in said.items())

    dump(EntityBatch(devices=devices), tmp_path / "out")

    assert load(str(tmp_path / "out")).devices == devices


def test_a_group_that_csv_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'a;b'"):
        dump_csv(EntityBatch(devices=(NewDevice(hostname="r1", groups=["a;b"]),)), tmp_path / "out.csv")


def test_times_and_colons_are_text_in_yaml(tmp_path: Path) -> None:
    facts = "{day: 2026-01-01, at: 2026-01-01T00:00:00Z, mac: 10:20:30:40:50:12, ratio: 1:30.5, n: 12, x: 0x1f, f: 1.5}"
    (tmp_path / "d.yaml").write_text(f"devices: [{{hostname: r1, facts: {facts}}}]")

    (device,) = load_yaml(str(tmp_path / "d.yaml")).devices

    assert device.facts == {
        "day": "2026-01-01",
        "at": "2026-01-01T00:00:00Z",
        "mac": "10:20:30:40:50:12",
        "ratio": "1:30.5",
        "n": 12,
        "x": 31,
        "f": 1.5,
    }


def test_names_come_first_in_yaml_and_empty_things_are_left_out(tmp_path: Path) -> None:
    device = NewDevice(hostname="r1", ip="192.0.2.1", interfaces=[NewInterface(name="eth0", description="up")])

    dump_yaml(EntityBatch(devices=(device,)), tmp_path / "out.yaml")

    lines = (tmp_path / "out.yaml").read_text().splitlines()
    assert lines == [
        "groups: []",
        "devices:",
        "- hostname: r1",
        "  ip: 192.0.2.1",
        "  interfaces:",
        "  - name: eth0",
        "    description: up",
    ]


def test_columns_are_fields_groups_and_facts(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("hostname,platform,groups,facts.site\nr1,cisco_ios,core; edge,zrh\nr2,,,\n")

    r1, r2 = load_csv(str(tmp_path / "d.csv")).devices

    assert (r1.platform, r1.groups, r1.facts) == ("cisco_ios", ["core", "edge"], {"site": "zrh"})
    assert r2.model_fields_set == {"hostname", "facts"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hostname,platfrom\n", "line 1, column 2: unknown column 'platfrom'; did you mean platform?"),
        ("hostname,role\n", "a fact is written facts.role"),
        ("hostname,port\nr1,22\nr2,x\n", "line 3: port: Input should be a valid integer"),
        ("hostname\nr1,x\n", "line 2: it has more cells than the header"),
        ("ip\n192.0.2.1\n", "line 2: hostname: Field required"),
        ("hostname,ip\nr1,a\nr2,b\nr1,c\n", "line 4: hostname: 'r1' is on line 2 already"),
        ("hostname,ip,ip\nr1,a,b\n", "line 1, column 3: the column 'ip' is there twice"),
        ("hostname;ip\nr1;a\n", "columns are separated by commas"),
        ('hostname,ip\n"r1,a\nr2,b\n', "line 2: unexpected end of data"),
        ('hostname,connection_options\nr1,"[1]"\n', "line 2: connection_options: Value error, it is no JSON object"),
        ("hostname,facts.asn:json\nr1,6500l\n", "line 2: facts.asn:json: "),
    ],
)
def test_a_mistake_in_a_csv_file_says_where_it_is(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "d.csv").write_text(text)

    with pytest.raises(InventoryInvalid) as caught:
        load_csv(str(tmp_path / "d.csv"))

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("devices: [{hostname: r1, prot: 1}]", "devices[0].prot: there is no such field"),
        ("devices: [{hostname: r1}, {hostname: r2, port: 0}]", "devices[1].port: "),
        ("groups: [7]", "groups[0] is no object"),
        ("devices: [{hostname: r1}, {hostname: r1}]", "devices: 'r1' is there twice"),
        ("groups: [{name: a}, {name: a}]", "groups: 'a' is there twice"),
        ("devices: [{hostname: ''}]", "devices[0].hostname: "),
        ("devices: [{hostname: r1, facts: {asn: .nan}}]", "devices[0].facts.asn"),
        ("devices: [{hostname: r1, connection_options: {netmiko: 7}}]", "devices[0].connection_options: "),
        ("hosts: []", "unknown key 'hosts'"),
        ("groups: []\ndevices: [{hostname: r1]", "line 2"),
        ("[]", "write an object"),
    ],
)
def test_a_mistake_in_a_yaml_file_says_where_it_is(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "d.yaml").write_text(text)

    with pytest.raises(InventoryInvalid) as caught:
        load_yaml(str(tmp_path / "d.yaml"))

    assert problem in str(caught.value)


@pytest.mark.parametrize("load", [load_csv, load_yaml])
def test_a_missing_file_is_named(load: type) -> None:
    with pytest.raises(InventoryInvalid, match=r"nowhere\.file"):
        load("nowhere.file")


@pytest.mark.parametrize("load", [load_csv, load_yaml])
def test_a_file_that_is_not_there_is_said_in_words(load: Callable[[str], EntityBatch], tmp_path: Path) -> None:
    with pytest.raises(InventoryInvalid, match=r"gone: No such file or directory$"):
        load(str(tmp_path / "gone"))
