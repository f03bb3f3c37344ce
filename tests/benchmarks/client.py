"""One client in a process of its own: a fleet as JSON on stdin, its times as JSON on stdout.

python -m tests.benchmarks.client nornir+netmiko < fleet.json
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec

from tests.benchmarks import hung, ours, peers, sessions
from tests.benchmarks.fleet import CallTimes, Fleet, FleetTimes
from tests.benchmarks.hung import HungTimes
from tests.benchmarks.peers import SCRAPLI_AT_ONCE
from tests.benchmarks.sessions import KeptOpen, Visits

TIMEOUT_S = 300
FLEET_CLIENTS: Mapping[str, Callable[[Fleet], FleetTimes]] = {
    "neops": ours.whole_fleet,
    "nornir+netmiko": peers.nornir_netmiko,
    "scrapli": peers.scrapli_asyncssh,
    "scrapli, ssh2": peers.scrapli_ssh2,
}
SESSION_CLIENTS: Mapping[str, Callable[[Fleet], Visits]] = {
    "neops": sessions.neops,
    "neops, 200 logins at once": partial(sessions.neops, logins=SCRAPLI_AT_ONCE),
    "nornir+netmiko": sessions.nornir_netmiko,
    "scrapli": sessions.scrapli_asyncssh,
    "scrapli, 500 at once": partial(sessions.scrapli_asyncssh, at_once=sessions.ALL_AT_ONCE),
    "scrapli, ssh2": sessions.scrapli_ssh2,
    "asyncssh alone": sessions.raw_asyncssh,
}
VISITS = "visits: "
KEPT_OPEN = "kept open"
HUNG = "hung: "


def installed(clients: Mapping[str, object]) -> tuple[str, ...]:
    """The clients that can run here; ssh2-python is measured where it is installed."""
    return tuple(name for name in clients if name != "scrapli, ssh2" or find_spec("ssh2"))


def measure_fleet(client: str, fleet: Fleet) -> FleetTimes:
    return FleetTimes.model_validate_json(_in_new_process(client, fleet))


def measure_visits(client: str, fleet: Fleet) -> Visits:
    return Visits.model_validate_json(_in_new_process(VISITS + client, fleet))


def measure_kept_open(fleet: Fleet) -> KeptOpen:
    return KeptOpen.model_validate_json(_in_new_process(KEPT_OPEN, fleet))


def measure_hung(good: Fleet, silent: Fleet) -> HungTimes:
    return HungTimes.model_validate_json(_in_new_process(HUNG + silent.model_dump_json(), good))


def measure_call(fleet: Fleet) -> CallTimes:
    return CallTimes.model_validate_json(_in_new_process("call", fleet))


def _in_new_process(client: str, fleet: Fleet) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.client", client]
    done = subprocess.run(
        command, input=fleet.model_dump_json(), stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True
    )
    return done.stdout.splitlines()[-1]


def main() -> None:
    logging.disable(logging.ERROR)  # devices that hang are meant to
    fleet = Fleet.model_validate_json(sys.stdin.read())
    name = sys.argv[1]
    sys.stdout.write(_measured(name, fleet).model_dump_json() + "\n")


def _measured(name: str, fleet: Fleet) -> CallTimes | FleetTimes | Visits | KeptOpen | HungTimes:
    if name == KEPT_OPEN:
        return sessions.kept_open(fleet)
    if name.startswith(HUNG):
        return hung.measure(fleet, Fleet.model_validate_json(name.removeprefix(HUNG)))
    if name == "call":
        return ours.one_call(fleet)
    if name.startswith(VISITS):
        return SESSION_CLIENTS[name.removeprefix(VISITS)](fleet)
    return FLEET_CLIENTS[name](fleet)


if __name__ == "__main__":
    main()
