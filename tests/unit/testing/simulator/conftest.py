"""Devices without a network: a shell, a clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from neops.testing.simulator import Facts, Interface, Neighbor, SimulatedDevice, load_platform
from neops.testing.simulator.device import DeviceState, PlatformRuntime
from neops.testing.simulator.shell import Shell

NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)


@dataclass
class Clock:
    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s

    def turn(self, seconds: float) -> None:
        self.now_s += seconds


MakeDevice = Callable[..., DeviceState]
MakeShell = Callable[..., Shell]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> MakeDevice:
    """`device("cisco_ios")`: r1 with an addressed, a plain, a disabled interface and two neighbours."""

    def make(platform: str, **spec: object) -> DeviceState:
        described = {"name": "r1", "platform": platform, **spec}
        described.setdefault("facts", facts_for(platform))
        runtime = PlatformRuntime(load_platform(platform))
        return DeviceState(SimulatedDevice(**described), runtime, clock=clock, now=lambda: NOON)  # type: ignore[arg-type]  # keywords of a dataclass

    return make


@pytest.fixture
def shell(device: MakeDevice) -> MakeShell:
    """`shell("cisco_ios")`: a session on such a device."""
    return lambda platform, **spec: Shell(device(platform, **spec))


def facts_for(platform: str) -> Facts:
    first, second, third, *_ = [*load_platform(platform).defaults.interfaces, "eth2", "eth3", "eth4"]
    return Facts(
        serial="SN12345678",
        interfaces=(
            Interface(name=first, description="to core", address="192.0.2.1/30"),
            Interface(name=second, up=False),
            Interface(name=third, enabled=False),
        ),
        neighbors=(
            Neighbor(interface=first, name="leaf-1", port="Ethernet1", address="192.0.2.2"),
            Neighbor(interface=second, name="leaf-2", port="ge-0/0/7"),
        ),
    )
