"""`neops detect` as its users call it, on simulated devices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork

PASSWORD = "s3cret-of-all"

STEPS = """\
steps:
  - {type: functionBlock, label: detect, functionBlock: "core.neops.io/detect:1", continueOnError: true}
  - {type: functionBlock, label: facts, functionBlock: "core.neops.io/facts:1"}
"""

Detect = Callable[..., Any]


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    devices = [
        SimulatedDevice(name="xr1", platform="cisco_xr", password=PASSWORD),
        SimulatedDevice(name="ar1", platform="huawei_vrp", password=PASSWORD),
        SimulatedDevice(name="odd1", platform="cisco_ios", password=PASSWORD, answers={"show version": "ToasterOS"}),
        SimulatedDevice(name="down1", platform="cisco_ios", fault=Fault(kind=FaultKind.REFUSE)),
        SimulatedDevice(name="locked1", platform="cisco_ios", password="another"),
    ]
    with SimulatedNetwork(devices) as running:
        yield running


@pytest.fixture
def detect(neops: Any) -> Detect:
    return partial(neops, "detect")


def at(network: SimulatedNetwork, *names: str) -> list[str]:
    return [f"127.0.0.1:{network[name].port}" for name in names]


def rows(done: Any) -> dict[str, list[str]]:
    return {line.split()[0]: line.split() for line in done.out.splitlines() if line.strip()}


@pytest.mark.slow
def test_all_found_is_exit_0(network: SimulatedNetwork, cold_neops: Any) -> None:
    xr, huawei = at(network, "xr1", "ar1")

    done = cold_neops("detect", xr, huawei, "--username", "neops", NEOPS_PASSWORD=PASSWORD)

    assert done.code == 0, done
    assert rows(done)[xr][1:3] == ["cisco_xr", "90%"]
    assert rows(done)[huawei][1:3] == ["huawei_vrp", "99%"]
    assert "platform: huawei_vrp" in done.out
    assert done.out.splitlines()[-1] == "2 found"
    assert PASSWORD not in done.out + done.err


@pytest.mark.slow
def test_some_not_found_is_exit_1_and_each_says_what_to_do(network: SimulatedNetwork, detect: Detect) -> None:
    hosts = at(network, "xr1", "odd1", "down1", "locked1")

    done = detect(*hosts, "--username", "neops", NEOPS_PASSWORD=PASSWORD)

    assert done.code == 1
    assert [rows(done)[host][1] for host in hosts] == ["cisco_xr", "not", "unreachable", "login"]
    for said in ("set the platform by hand", "check address and port", "check user and password", "ToasterOS"):
        assert said in done.out
    assert done.out.splitlines()[-1] == "1 found, 1 not known, 2 failed"


@pytest.mark.slow
def test_json_has_all_that_was_seen(network: SimulatedNetwork, detect: Detect) -> None:
    hosts = at(network, "ar1", "down1")

    done = detect(*hosts, "--json", NEOPS_USERNAME="neops", NEOPS_PASSWORD=PASSWORD)

    found, failed = json.loads(done.out)
    assert (found["platform"], found["port"], found["error"]) == ("huawei_vrp", network["ar1"].port, None)
    assert {one["source"] for one in found["evidence"]} == {"ssh version", "prompt", "display version"}
    assert (failed["platform"], failed["error"]["type"]) == (None, "Unreachable")


@pytest.mark.slow
def test_without_a_login_nobody_is_logged_in(network: SimulatedNetwork, detect: Detect) -> None:
    network["xr1"].forget()

    done = detect(*at(network, "xr1"), "--no-login")

    assert done.code == 1
    assert "SSH-2.0-AsyncSSH" in done.out
    assert "log in to be sure" in done.out
    assert network["xr1"].logins == 0


@pytest.mark.slow
def test_of_an_inventory_only_devices_without_a_platform_are_asked(
    network: SimulatedNetwork, detect: Detect, tmp_path: Path
) -> None:
    config = network.write_inventory(tmp_path / "inventory")
    hosts_file = config.with_name("hosts.yaml")
    hosts: dict[str, Any] = yaml.safe_load(hosts_file.read_text())
    hosts["ar1"] |= {"platform": None, "groups": []}
    hosts_file.write_text(yaml.safe_dump(hosts))
    before = hosts_file.read_text()
    network["xr1"].forget()

    done = detect("--inventory", f"nornir:{config}")

    assert (done.code, list(rows(done))) == (0, ["host", "ar1", "1"]), done
    assert network["xr1"].logins == 0
    assert hosts_file.read_text() == before
    assert (
        detect("--inventory", f"nornir:{config}", "--limit", "hostname:xr1").out
        == "nothing to do: every device has a platform\n"
    )


@pytest.mark.slow
def test_the_steps_after_a_detection_are_served_by_what_it_found_also_when_replayed(
    network: SimulatedNetwork, neops: Any, workflow: Path, tmp_path: Path
) -> None:
    config = network.write_inventory(tmp_path / "inventory")
    hosts = yaml.safe_load(config.with_name("hosts.yaml").read_text())
    nameless = {
        name: host | {"platform": None, "groups": []} for name, host in hosts.items() if name in ("xr1", "odd1")
    }
    config.with_name("hosts.yaml").write_text(yaml.safe_dump(nameless))

    run = ("run", workflow, "--inventory", f"nornir:{config}", "--json")
    said = neops(*run, "--record", tmp_path / "who.jsonl.zst")

    devices = {device["device"]: device for device in said.json["devices"]}
    assert devices["xr1"]["steps"] == {"detect": True, "facts": True}
    assert devices["xr1"]["version"] == "7.5.2"
    assert devices["odd1"]["steps"]["detect"] is False
    assert "the platform is not known" in devices["odd1"]["message"]
    network["xr1"].forget()
    replayed = {
        device["device"]: device for device in neops(*run, "--replay", tmp_path / "who.jsonl.zst").json["devices"]
    }
    assert replayed["xr1"]["steps"] == devices["xr1"]["steps"]
    assert network["xr1"].logins == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name hosts"),
        (("192.0.2.1",), "--username"),
        (("a:b", "--username", "ops"), "write a host name"),
        (("--inventory", "nowhere:x"), "adapter"),
    ],
)
def test_wrong_usage_is_exit_2(arguments: tuple[str, ...], said: str, detect: Detect) -> None:
    done = detect(*arguments)

    assert done.code == 2
    assert said in done.err
