"""One job around any block, without an engine and without a device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from neops.blocks import BlockJob, BlockOutcome, JobInfo, JobPorts, Registration, execute_block
from neops.blocks.models import FunctionBlockParams, FunctionBlockResultData
from neops.entities import Device, DeviceGroup, EntityReference, EntityType, Interface, Platform, Secret


class RecordingConnector:
    """Gives out a string in place of a session and remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, str | None]] = []

    def connect(self, device: Device, capability: Any, *, job: str | None = None) -> Any:
        self.asked.append((device.name, capability, job))
        return f"session with {device.name}"

    connect_blocking = connect

    def served_by(self, device: Device) -> tuple[str, ...]:
        return ()


class NoParams(FunctionBlockParams):
    pass


class NoData(FunctionBlockResultData):
    pass


@pytest.fixture
def connector() -> RecordingConnector:
    return RecordingConnector()


@pytest.fixture
def ports(connector: RecordingConnector) -> JobPorts:
    return JobPorts(connector=connector, blocking_threshold_s=0)


@pytest.fixture
def device() -> Device:
    return Device(
        id=7,
        hostname="r1",
        ip="192.0.2.7",
        username="admin",
        password=Secret("hunter2"),
        platform=Platform(id=3, short_name="cisco_ios"),
        facts={"os": "ios"},
        groups=[EntityReference(id=2)],
        interfaces=[EntityReference(id=71), EntityReference(id=72)],
    )


@pytest.fixture
def group() -> DeviceGroup:
    return DeviceGroup(id=2, name="lab", devices=[EntityReference(id=7)])


@pytest.fixture
def interfaces() -> list[Interface]:
    return [Interface(id=71, name="eth0", device=EntityReference(id=7)), Interface(id=72, name="eth1")]


@pytest.fixture
def registration() -> Callable[..., Registration]:
    """A registration that needs nothing but what a test is about."""

    def make(**different: Any) -> Registration:
        defaults: dict[str, Any] = {
            "name": "probe",
            "package": "fb.test.io",
            "version": (1, 0, 0),
            "description": "a test's block",
            "run_on": "device",
            "fb_type": "none",
            "param_cls": NoParams,
            "result_cls": NoData,
        }
        return Registration(**(defaults | different))

    return make


@pytest.fixture
def job(device: Device, group: DeviceGroup, interfaces: list[Interface]) -> Callable[..., BlockJob]:
    """A job on the device, unless a test says otherwise."""

    def make(block: Any, **different: Any) -> BlockJob:
        defaults: dict[str, Any] = {
            "info": JobInfo(id="job-1"),
            "block": block,
            "run_on": EntityType.DEVICE,
            "entity_id": 7,
            "devices": [device],
            "device_groups": [group],
            "interfaces": interfaces,
        }
        return BlockJob(**(defaults | different))

    return make


@pytest.fixture
def execute(job: Callable[..., BlockJob], ports: JobPorts) -> Callable[..., BlockOutcome]:
    """Run a block the way a worker's job thread does."""

    def run(block: Any, **different: Any) -> BlockOutcome:
        return asyncio.run(execute_block(job(block, **different), ports))

    return run
