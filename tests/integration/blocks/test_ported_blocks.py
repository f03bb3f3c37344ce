"""Blocks that log in by themselves run after replacing their import lines, and nothing shows their passwords."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.blocks import BlockClass, discover
from neops.entities import EntityCreate
from neops.testing import Case, run_case
from neops.testing.simulator import Facts, SimulatedDevice, SimulatedNetwork

pytest.importorskip("netmiko")


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    spec = SimulatedDevice(name="r1", platform="cisco_ios", facts=Facts(version="17.9.4"), password="s3cret-word")
    with SimulatedNetwork([spec]) as running:
        yield running


@pytest.fixture(scope="module")
def block() -> BlockClass:
    found = discover([Path(__file__).parent / "ported"], installed=[])
    assert found.broken == ()
    return found.registry["fb.ported.io/netmiko_version:0.3.1"]


@pytest.fixture
def device(network: SimulatedNetwork) -> dict[str, Any]:
    running = network["r1"]
    return {
        "hostname": "r1",
        "ip": "127.0.0.1",
        "username": running.spec.username,
        "password": running.spec.password,
        "platform": running.spec.platform,
        "facts": {"ssh_port": running.port},
    }


def test_a_block_that_logs_in_with_netmiko_runs(device: dict[str, Any], block: BlockClass) -> None:
    result = run_case(block, Case(device=device))

    assert (result.success, result.message) == (True, "read")
    assert result.data["version"] == "17.9.4"
    assert result.changes == {"software_release": "17.9.4", "facts.os": "cisco_ios"}
    (created,) = [update for update in result.updates if isinstance(update, EntityCreate)]
    assert created.data["device"] == {"hostname": "r1"}


def test_its_password_is_in_no_log_line_and_in_no_result(
    device: dict[str, Any], block: BlockClass, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    result = run_case(block, Case(device=device))

    assert "s3cret-word" not in caplog.text
    assert "s3cret-word" not in result.wire.model_dump_json()


def test_a_wrong_password_is_the_blocks_own_failure(device: dict[str, Any], block: BlockClass) -> None:
    result = run_case(block, Case(device=device | {"password": "wrong"}))

    assert (result.success, result.error) == (False, None)
    assert "on r1" in str(result.message)


@pytest.mark.parametrize("kind", ["acquire", "rollback"])
def test_its_other_methods_run_too(kind: str, device: dict[str, Any], block: BlockClass) -> None:
    assert run_case(block, Case(kind=kind, device=device)).success
