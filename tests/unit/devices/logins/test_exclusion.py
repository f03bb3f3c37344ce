"""Devices that are never logged in to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neops.devices import DeviceRuntime, ReadsFacts
from neops.devices.logins.exclusion import ExclusionList
from neops.errors import DeviceExcluded, SettingsInvalid, Unreachable
from neops.settings import DeviceSettings


def refused(device: Any, *rules: str, host: str = "198.51.100.9") -> str | None:
    try:
        ExclusionList.load(rules, None).check(device, host)
    except DeviceExcluded as error:
        return error.rule
    return None


@pytest.mark.parametrize(
    "rule",
    ["core-1", "CORE-1", "core-*", "*-1", "192.0.2.7", "192.0.2.0/24", "192.0.2.*", "198.51.100.8/29", "198.51.100.9"],
)
def test_a_rule_means_the_device_by_name_glob_address_or_network(device: Any, rule: str) -> None:
    assert refused(device("core-1", ip="192.0.2.7"), rule) == rule


@pytest.mark.parametrize("rule", ["core", "core-10", "192.0.2.70", "192.0.3.0/24", "2001:db8::/32", "dge-*"])
def test_a_rule_means_nobody_else(device: Any, rule: str) -> None:
    assert refused(device("core-1", ip="192.0.2.7"), rule) is None


def test_an_ipv4_address_inside_ipv6_is_the_same_address(device: Any) -> None:
    assert refused(device("r1", ip="::ffff:192.0.2.7"), "192.0.2.0/24")


def test_no_rules_exclude_nobody(device: Any) -> None:
    assert refused(device()) is None


def test_a_network_with_host_bits_is_a_mistake_and_not_a_guess() -> None:
    with pytest.raises(SettingsInvalid, match=r"NEOPS_EXCLUDE: 192.0.2.7/24 has host bits set"):
        ExclusionList.load(["192.0.2.7/24"], None)


def test_a_rule_of_a_file_is_named_with_its_line(tmp_path: Path, device: Any) -> None:
    file = tmp_path / "never.txt"
    file.write_text("# power grid, ask Ada\n\ngrid-*   # all of them\n203.0.113.0/24\n")
    rules = ExclusionList.load([], file)

    with pytest.raises(DeviceExcluded) as caught:
        rules.check(device("grid-7"), "192.0.2.1")

    assert str(caught.value) == f"grid-7: never logged in to: the rule 'grid-*' ({file}:3) excludes it"


def test_a_file_that_is_missing_or_wrong_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "never.txt"
    with pytest.raises(SettingsInvalid, match=r"NEOPS_EXCLUDE_FILE=.*never\.txt: cannot be read"):
        DeviceRuntime(DeviceSettings(exclude_file=file))
    file.write_text("ok\n10.0.0.0/99\n")
    with pytest.raises(SettingsInvalid, match=r"never\.txt:2: .*10\.0\.0\.0/99"):
        DeviceRuntime(DeviceSettings(exclude_file=file))


def test_a_file_that_changes_holds_without_a_restart(
    tmp_path: Path, device: Any, caplog: pytest.LogCaptureFixture
) -> None:
    now, file = [0.0], tmp_path / "never.txt"
    file.write_text("grid-*\n")
    rules = ExclusionList.load(["core-1"], file, clock=lambda: now[0])

    def excluded(*names: str) -> list[str]:
        now[0] += 1.0
        return [name for name in names if _is_excluded(rules, device(name))]

    assert excluded("grid-1", "edge-1", "core-1") == ["grid-1", "core-1"]
    file.write_text("edge-*\n")
    assert excluded("grid-1", "edge-1", "core-1") == ["edge-1", "core-1"]
    for wrong in ("10.0.0.0/99\n", None):
        caplog.clear()
        file.unlink() if wrong is None else file.write_text(wrong)
        assert excluded("grid-1", "edge-1", "core-1") == ["edge-1", "core-1"]
        assert excluded("edge-1")
        assert [record.levelname for record in caplog.records] == ["ERROR"]
    file.write_text("")
    assert excluded("edge-1", "core-1") == ["core-1"]


def _is_excluded(rules: ExclusionList, device: Any) -> bool:
    try:
        rules.check(device, "198.51.100.9")
    except DeviceExcluded:
        return True
    return False


async def test_a_name_that_resolves_into_an_excluded_network_is_excluded(device: Any) -> None:
    rules = ExclusionList.load(["127.0.0.0/8", "::1/128"], None)

    with pytest.raises(DeviceExcluded, match=r"127\.0\.0\.0/8|::1/128"):
        await rules.check_addresses(device("r1"), "localhost")


async def test_an_excluded_device_is_never_logged_in_to(make_runtime: Any, device: Any, network: Any) -> None:
    runtime = make_runtime(settings={"exclude": ("core-*",)})

    with pytest.raises(DeviceExcluded, match=r"core-1: never logged in to: the rule 'core-\*' \(NEOPS_EXCLUDE\)"):
        await runtime.connect(device("core-1"), ReadsFacts).get_facts()
    await runtime.connect(device("edge-1"), ReadsFacts).get_facts()

    assert network.logins["core-1"] == 0
    assert len(network.sessions) == 1
    assert runtime.login_statistics().excluded == 1


async def test_an_excluded_jump_host_is_never_logged_in_to(make_runtime: Any, device: Any, network: Any) -> None:
    runtime = make_runtime(settings={"exclude": ("192.0.2.99",), "jump_hosts": ("ops@192.0.2.99",)})

    with pytest.raises(Unreachable, match=r"r1: jump host ops@192\.0\.2\.99: never logged in to: the rule"):
        await runtime.connect(device("r1"), ReadsFacts).get_facts()

    assert not network.sessions
