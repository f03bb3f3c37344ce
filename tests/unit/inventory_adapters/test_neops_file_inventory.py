from __future__ import annotations

from pathlib import Path

import pytest

from neops.entities import EntityBatch, InterfaceState, NewDevice, NewGroup, NewInterface, Secret
from neops.errors import InventoryInvalid
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
        ("hosts: []", "unknown key 'hosts'"),
        ("devices: {", "line 1"),
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
