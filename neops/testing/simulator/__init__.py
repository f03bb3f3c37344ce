"""Simulated network devices that answer over real SSH on loopback: test blocks without a lab.

See docs/how-to/simulate-devices.md.
"""

from neops.testing.simulator.demo import demo_devices, demo_network
from neops.testing.simulator.network import RunningDevice, SimulatedNetwork
from neops.testing.simulator.platform_files import PlatformInvalid, load_platform, shipped_platforms
from neops.testing.simulator.spec import Facts, Fault, FaultKind, Interface, Neighbor, SimulatedDevice

__all__ = [
    "Facts",
    "Fault",
    "FaultKind",
    "Interface",
    "Neighbor",
    "PlatformInvalid",
    "RunningDevice",
    "SimulatedDevice",
    "SimulatedNetwork",
    "demo_devices",
    "demo_network",
    "load_platform",
    "shipped_platforms",
]
