"""Twelve simulated switches to try the workflows on: `python examples/group_run/simulated.py FOLDER`.

They answer over SSH on loopback until you press Enter; FOLDER gets their Nornir inventory.
"""

import sys


def main(folder: str) -> None:
    """Serve two groups of six; the last switch of the second refuses its password."""
    from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork

    switches = [
        SimulatedDevice(name=f"{group}-{number}", platform="cisco_ios", groups=(group,), latency_s=0.05)
        for group in ("access", "core")
        for number in range(1, 7)
    ]
    with SimulatedNetwork(switches) as network:
        network["core-6"].fault = Fault(kind=FaultKind.REJECT_PASSWORD)
        print(f"--inventory nornir:{network.write_inventory(folder)}", flush=True)
        input("Press Enter to stop them. ")


if __name__ == "__main__":
    main(sys.argv[1])
