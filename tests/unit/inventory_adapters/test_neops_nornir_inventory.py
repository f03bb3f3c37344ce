from __future__ import annotations

import json
from pathlib import Path

import pytest
from nornir.core.inventory import Hosts, Inventory

from neops.entities import DEFAULTS_GROUP
from neops.errors import InventoryInvalid
from neops_nornir_inventory import load

HOSTS = """
r1:
  hostname: 192.0.2.1
  port: 2201
  platform: ios
  groups: [core]
  data: {role: core, since: 2024-01-02}
  connection_options:
    netmiko: {extras: {secret: s3cret}}
sw1:
  hostname: 192.0.2.2
"""
GROUPS = """
core:
  groups: [zurich]
  data: {tier: 1}
  connection_options:
    netmiko: {port: 22, extras: {fast_cli: true}}
    napalm: {extras: {optional_args: {dest_file_system: "flash:"}}}
zurich:
  username: zrh
  data: {site: zrh}
"""
DEFAULTS = """
username: admin
password: hunter2
platform: arista_eos
data: {domain: example.net}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "groups.yaml").write_text(GROUPS)
    (tmp_path / "defaults.yaml").write_text(DEFAULTS)
    (tmp_path / "config.yaml").write_text("inventory:\n  plugin: SimpleInventory\n  options: {host_file: hosts.yaml}\n")
    return tmp_path


@pytest.mark.parametrize("source", [".", "config.yaml"])
def test_every_host_has_its_own_values_only(folder: Path, source: str) -> None:
    r1, sw1 = load(str(folder / source)).devices

    assert (r1.hostname, r1.ip, r1.port, r1.username) == ("r1", "192.0.2.1", 2201, None)
    assert r1.facts == {"role": "core", "since": "2024-01-02"}
    assert r1.groups == ["core"]
    assert (sw1.ip, sw1.platform, sw1.groups) == ("192.0.2.2", None, [])


def test_a_platform_has_netmikos_name_and_keeps_its_own(folder: Path) -> None:
    r1 = load(str(folder)).devices[0]

    assert (r1.platform, r1.platform_alias) == ("cisco_ios", "ios")


def test_groups_and_defaults_keep_what_they_hand_on(folder: Path) -> None:
    core, zurich, defaults = load(str(folder)).groups

    assert (core.name, core.parents, core.facts) == ("core", ["zurich"], {"tier": 1})
    assert core.connection_options is not None
    assert json.loads(core.connection_options.reveal())["netmiko"] == {"port": 22, "extras": {"fast_cli": True}}
    assert (zurich.name, zurich.username, zurich.facts) == ("zurich", "zrh", {"site": "zrh"})
    assert (defaults.name, defaults.username, defaults.platform) == (DEFAULTS_GROUP, "admin", "arista_eos")
    assert defaults.password is not None
    assert defaults.password.reveal() == "hunter2"


def test_defaults_that_say_nothing_are_no_group(folder: Path) -> None:
    (folder / "defaults.yaml").unlink()

    assert [group.name for group in load(str(folder)).groups] == ["core", "zurich"]


def test_passwords_do_not_show(folder: Path) -> None:
    assert "hunter2" not in repr(load(str(folder)))


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("hosts.yaml", "r1: {groups: [nowhere]}", "'nowhere' is named but not defined"),
        ("hosts.yaml", "r1: {groups: [", "hosts.yaml"),
        ("hosts.yaml", "r1:", "is each host, and each group, an object"),
        ("hosts.yaml", "r1: {port: 0, password: s3cret}", "host r1: port: Input should be greater than or equal to 1"),
        ("hosts.yaml", "r1: {platform: [ios]}", "host r1: platform: Input should be a valid string"),
        ("hosts.yaml", "r1: {password: [s3cret]}", "host r1: password: Input should be a valid string"),
        ("groups.yaml", "core: {port: x}", "group core: port: "),
        ("defaults.yaml", "port: x", "defaults: port: "),
        ("config.yaml", "inventory: {plugin: NoSuchInventory}", "NoSuchInventory"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(folder: Path, file: str, text: str, expected: str) -> None:
    (folder / file).write_text(text)

    with pytest.raises(InventoryInvalid, match=expected) as caught:
        load(str(folder / "config.yaml"))

    assert str(caught.value).startswith(f"inventory nornir:{folder / 'config.yaml'}: ")
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_yaml_takes_for_numbers_is_text_where_nornir_means_text(folder: Path) -> None:
    (folder / "hosts.yaml").write_text(
        "10: {hostname: 1, username: 5678, password: 1234, data: {x: .nan},"
        " connection_options: {netmiko: {password: 9}}}"
    )

    (device,) = load(str(folder / "config.yaml")).devices

    assert (device.hostname, device.ip, device.username, device.password) == ("10", "1", "5678", "1234")
    assert device.facts == {"x": None}
    assert device.connection_options == '{"netmiko": {"password": "9"}}'


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InventoryInvalid, match=r"nornir:nowhere\.yaml: no such file"):
        load("nowhere.yaml")


@pytest.mark.parametrize(
    ("config", "whole"),
    [
        ("inventory: {plugin: SimpleInventory, options: {host_file: hosts.yaml}}", True),
        ("inventory: {plugin: YAMLInventory, options: {}}", False),
    ],
)
def test_only_an_inventory_that_cannot_choose_is_taken_for_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, whole: bool
) -> None:
    (tmp_path / "hosts.yaml").write_text(HOSTS.replace("groups: [core]", ""))
    (tmp_path / "config.yaml").write_text(config)
    monkeypatch.setattr("neops_nornir_inventory.loading._plugin", lambda *_, **__: Inventory(hosts=Hosts()))

    batch = load(str(tmp_path / "config.yaml"))

    assert batch.complete == whole
    assert batch.origin == (f"nornir:{tmp_path / 'config.yaml'}" if whole else None)
