"""`make bench`: neops against its peers on the same simulated devices, in the same run.

make bench ARGS="--devices 50 --repetitions 5 --only fleet"
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from rich.console import Console

from tests.benchmarks import client, cms, group, servers
from tests.benchmarks.fleet import FleetTimes
from tests.benchmarks.report import Figure, Machine, Report, Row, figures_table, table, time_of
from tests.benchmarks.sessions import Visits
from tests.benchmarks.simulation import PLATFORMS, simulated
from tests.benchmarks.timing import median_of

T = TypeVar("T")

WIDTH_WITHOUT_TERMINAL = 110
CALL_LATENCY_S = 0.020
OVERHEAD_TARGET = 1.05
COLD_TARGET = 1.0
WARM_TARGET = 1 / 5
SESSIONS = 500
FLOOR = "asyncssh alone"
AS_MANY = "neops, 200 logins at once"
SESSIONS_TARGET = 1 / 1.5
SESSIONS_RSS_TARGET = 100.0
GOOD = 150
HUNG = 50
HUNG_TARGET = 1.1
LATE_TARGET_S = 1.0
GROUP_TARGET = 1.15
INVENTORY_TARGET_S = 1.0
INVENTORY_TARGET_MIB = 100.0
IDLE_CPU_TARGET = 1.0
IDLE_RSS_TARGET = 80.0
START_P50_TARGET = 15.0
START_P99_TARGET = 60.0
JOBS_TARGET = 200.0
IMPORT_TARGET_S = 60.0
IMPORT_AGAIN_TARGET_S = 15.0
QUERY_P99_TARGET_MS = 50.0

Benchmark = Callable[[argparse.Namespace, Console], Iterator["Row | Figure"]]


def main() -> None:
    arguments = _parse()
    console = Console(log_path=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    measured = [one for name in arguments.only for one in BENCHMARKS[name](arguments, console)]
    rows = tuple(one for one in measured if isinstance(one, Row))
    figures = tuple(one for one in measured if isinstance(one, Figure))
    report = Report(
        taken_at=datetime.now(UTC),
        machine=Machine.this(),
        settings={
            "devices": arguments.devices,
            "repetitions": arguments.repetitions,
            "latency_ms": arguments.latency_ms,
        },
        rows=rows,
        figures=figures,
    )
    if rows:
        console.print(table(rows))
    if figures:
        console.print(figures_table(figures))
    console.print(f"saved in {report.save(arguments.output)}")


def call_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Row]:
    """What the proxy adds to a command on one warm session."""
    for latency_s, target in ((CALL_LATENCY_S, OVERHEAD_TARGET), (0.0, None)):
        name = f"1 command, {latency_s * 1e3:g} ms device"
        with simulated(devices=1, latency_s=latency_s) as fleet:
            times = [client.measure_call(fleet) for _ in range(arguments.repetitions)]
        added_s = median(one.proxy.wall_s - one.bare.wall_s for one in times)
        console.log(f"{name}: the proxy adds {time_of(added_s)}")
        yield Row.compare(name, [one.proxy for one in times], "scrapli", [one.bare for one in times], target)


def fleet_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Row]:
    """One command on every device: with the logins, and again on open sessions."""
    clients = client.installed(client.FLEET_CLIENTS)
    samples: dict[str, list[FleetTimes]] = {name: [] for name in clients}
    with simulated(devices=arguments.devices + len(PLATFORMS), latency_s=arguments.latency_ms / 1e3) as fleet:
        for repetition in range(arguments.repetitions):
            for name in _rotated(clients, repetition):
                times = client.measure_fleet(name, fleet)
                samples[name].append(times)
                cold, warm = times.cold, times.warm
                console.log(
                    f"{name}: cold {time_of(cold.wall_s)} (CPU {time_of(cold.cpu_s)}), "
                    f"warm {time_of(warm.wall_s)} (CPU {time_of(warm.cpu_s)})"
                )
    yield from _compare_fleet(f"{arguments.devices} devices", samples)


def _rotated(names: Sequence[str], by: int) -> Sequence[str]:
    by %= len(names)
    return [*names[by:], *names[:by]]


def _compare_fleet(name: str, samples: Mapping[str, Sequence[FleetTimes]]) -> Iterator[Row]:
    cold = {client: [one.cold for one in times] for client, times in samples.items()}
    warm = {client: [one.warm for one in times] for client, times in samples.items()}
    peers = [client for client in samples if client != "neops"]
    fastest = min(peers, key=lambda peer: median_of(cold[peer]).wall_s)
    for peer in peers:
        yield Row.compare(f"{name}, cold", cold["neops"], peer, cold[peer], COLD_TARGET if peer == fastest else None)
    fresh = cold["nornir+netmiko"]
    yield Row.compare(f"{name}, warm", warm["neops"], "nornir+netmiko, fresh", fresh, WARM_TARGET)
    for peer in peers:
        yield Row.compare(f"{name}, warm", warm["neops"], f"{peer}, kept open", warm[peer])


def session_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Row | Figure]:
    """From the login to the logout on many devices, and what their sessions cost while they are open."""
    clients = client.installed(client.SESSION_CLIENTS)
    samples: dict[str, list[Visits]] = {name: [] for name in clients}
    latency_s = arguments.latency_ms / 1e3
    with simulated(devices=SESSIONS + len(PLATFORMS), latency_s=latency_s) as fleet:
        for repetition in range(arguments.repetitions):
            for name in _rotated(clients, repetition):
                visits = client.measure_visits(name, fleet)
                samples[name].append(visits)
                console.log(f"{name}: {time_of(visits.whole.wall_s)} (CPU {time_of(visits.whole.cpu_s)})")
        open_ones = [client.measure_kept_open(fleet) for _ in range(arguments.repetitions)]
    whole = {name: [one.whole for one in visits] for name, visits in samples.items()}
    peers = [name for name in clients if name not in ("neops", AS_MANY, FLOOR)]
    fastest = min(peers, key=lambda peer: median_of(whole[peer]).wall_s)
    what = f"{SESSIONS} devices, login to logout"
    for peer in (*peers, FLOOR):
        yield Row.compare(what, whole["neops"], peer, whole[peer], SESSIONS_TARGET if peer == fastest else None)
    yield Row.compare(f"{what}, 200 logins at once", whole[AS_MANY], fastest, whole[fastest])
    yield Figure.of(f"next command on {SESSIONS} open sessions", "logins", [float(one.logins) for one in open_ones], 0)
    memory = [one.rss_mib for one in open_ones]
    yield Figure.of(f"memory of the client with {SESSIONS} open sessions", "MiB", memory, SESSIONS_RSS_TARGET)


def hung_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Row | Figure]:
    """Good devices alone, and beside hung ones."""
    latency_s = arguments.latency_ms / 1e3
    with (
        simulated(devices=GOOD + len(PLATFORMS), latency_s=latency_s) as good,
        simulated(devices=HUNG, latency_s=latency_s, hung=True) as silent,
    ):
        measured = _repeated(partial(client.measure_hung, good, silent), arguments, console)
    beside, alone = [one.beside for one in measured], [one.alone for one in measured]
    yield Row.compare(f"{GOOD} devices beside {HUNG} hung ones", beside, "without them", alone, HUNG_TARGET)
    yield Figure.of("their run's end after the deadline of 3 s", "s", [one.late_s for one in measured], LATE_TARGET_S)


def group_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Row | Figure]:
    """One task on many devices of this process, and a Nornir inventory of many more."""
    measured = [group.measure() for _ in range(arguments.repetitions)]
    times = [one for one, _ in measured]
    threaded = [one.threaded for one in times]
    console.log(f"Nornir's threaded runner on the bare task: {time_of(median_of(threaded).wall_s)}")
    for name, way, target in (
        ("bare task, our runner", "our_runner", GROUP_TARGET),
        ("task on open sessions", "nornir_warm", GROUP_TARGET),
        ("run_parallel on open sessions", "parallel_warm", GROUP_TARGET),
        ("task, logging in", "nornir_cold", None),
        ("run_parallel, logging in", "parallel_cold", None),
    ):
        yield Row.compare(
            f"{group.DEVICES} devices, {name}",
            [getattr(one, way) for one in times],
            "threaded runner, bare task",
            threaded,
            target,
        )
    costs = [cost for _, cost in measured]
    name = f"Nornir inventory of {group.HOSTS} hosts"
    yield Figure.of(f"{name}, time", "s", [cost.built.wall_s for cost in costs], INVENTORY_TARGET_S)
    yield Figure.of(f"{name}, memory", "MiB", [cost.rss_mib for cost in costs], INVENTORY_TARGET_MIB)


def worker_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Figure]:
    """What a worker costs while it waits, how soon it starts a job, and how many it gets through."""
    idle = servers.idle_cost()
    console.log(f"idle: {idle.cpu:.2%} of a core, {idle.rss_mib:.0f} MiB")
    yield Figure.of("idle worker, share of a core", "%", [idle.cpu * 100], target=IDLE_CPU_TARGET)
    yield Figure.of("idle worker, resident memory", "MiB", [idle.rss_mib], target=IDLE_RSS_TARGET)
    waits = _repeated(servers.start_latency, arguments, console)
    yield Figure.of(
        "job created → block entered, p50", "ms", [one.p50_s * 1e3 for one in waits], target=START_P50_TARGET
    )
    yield Figure.of(
        "job created → block entered, p99", "ms", [one.p99_s * 1e3 for one in waits], target=START_P99_TARGET
    )
    rates = _repeated(servers.jobs_per_second, arguments, console)
    name = f"{servers.JOBS:,} no-op jobs, 1 worker, {servers.SLOTS} slots"
    yield Figure.of(name, "jobs/s", rates, target=JOBS_TARGET, at_least=True)


def store_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Figure]:
    """What the blackboard hands out and takes back over HTTP; the client shares the machine."""
    for limit, jobs in ((1, 2000), (10, 5000), (100, 5000)):
        measure = partial(servers.polled_and_pushed_per_second, jobs=jobs, limit=limit)
        rates = _repeated(measure, arguments, console)
        yield Figure.of(f"poll {limit} and push, {servers.POLLERS} pollers", "jobs/s", rates)


def cms_rows(arguments: argparse.Namespace, console: Console) -> Iterator[Figure]:
    """An inventory of 30,000 devices brought in, brought in again, and asked."""
    measured = _repeated(cms.measure, arguments, console)
    name = f"{cms.DEVICES:,} devices from NetBox"
    yield Figure.of(f"{name}, first import", "s", [one.first_s for one in measured], IMPORT_TARGET_S)
    yield Figure.of(f"{name}, again, 0 changes", "s", [one.again_s for one in measured], IMPORT_AGAIN_TARGET_S)
    for query in cms.QUERIES:
        samples = [one.p99_ms[query] for one in measured]
        yield Figure.of(f"query by {query} over HTTP, p99", "ms", samples, QUERY_P99_TARGET_MS)


def _repeated(measure: Callable[[], T], arguments: argparse.Namespace, console: Console) -> list[T]:
    samples: list[T] = []
    for _ in range(arguments.repetitions):
        samples.append(measure())
        console.log(f"{samples[-1]}")
    return samples


BENCHMARKS: Mapping[str, Benchmark] = {
    "call": call_rows,
    "fleet": fleet_rows,
    "sessions": session_rows,
    "hung": hung_rows,
    "group": group_rows,
    "worker": worker_rows,
    "store": store_rows,
    "cms": cms_rows,
}


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--latency-ms", type=float, default=30.0, help="how long a device of the fleet thinks")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--output", type=Path, default=Path("bench-results"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
