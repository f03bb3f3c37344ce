"""Rows of measurements: ratios, targets, JSON and a table."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from rich.table import Table

from tests.benchmarks.fleet import Message, Sample
from tests.benchmarks.timing import median_of

VERDICTS = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}
LIBRARIES = ("neops", "scrapli", "netmiko", "nornir", "nornir-netmiko", "asyncssh", "ssh2-python")


class Row(Message):
    """One comparison. `ratio` is neops / peer: below 1, neops is faster.

    Both sides are medians; the samples are in the order they were taken. `target` is what the ratio must not exceed.
    """

    name: str
    neops: Sample
    neops_samples: tuple[Sample, ...]
    peer_name: str
    peer: Sample
    peer_samples: tuple[Sample, ...]
    ratio: float
    target: float | None
    met: bool | None

    @classmethod
    def compare(
        cls, name: str, neops: Sequence[Sample], peer_name: str, peer: Sequence[Sample], target: float | None = None
    ) -> Row:
        ratio = median_of(neops).wall_s / median_of(peer).wall_s
        return cls(
            name=name,
            neops=median_of(neops),
            neops_samples=tuple(neops),
            peer_name=peer_name,
            peer=median_of(peer),
            peer_samples=tuple(peer),
            ratio=ratio,
            target=target,
            met=None if target is None else ratio <= target,
        )


class Figure(Message):
    """One measurement of neops alone, the median of its samples. `target` is the most it may be, or the least."""

    name: str
    unit: str
    value: float
    samples: tuple[float, ...]
    target: float | None
    at_least: bool
    met: bool | None

    @classmethod
    def of(
        cls, name: str, unit: str, samples: Sequence[float], target: float | None = None, *, at_least: bool = False
    ) -> Figure:
        value = median(samples)
        met = None if target is None else value >= target if at_least else value <= target
        return cls(name=name, unit=unit, value=value, samples=tuple(samples), target=target, at_least=at_least, met=met)


class Machine(Message):
    """Where the figures come from; they compare within one run only."""

    python: str
    system: str
    cpus: int
    versions: dict[str, str]

    @classmethod
    def this(cls) -> Machine:
        return cls(
            python=platform.python_version(),
            system=f"{platform.system()} {platform.machine()}",
            cpus=os.cpu_count() or 1,
            versions={name: found for name in LIBRARIES if (found := _version(name))},
        )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


class Report(Message):
    """One run of the benchmarks."""

    taken_at: datetime
    machine: Machine
    settings: dict[str, float]
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...] = ()

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.taken_at:%Y%m%dT%H%M%SZ}.json"
        file.write_text(self.model_dump_json(indent=2) + "\n")
        return file


def table(rows: Iterable[Row]) -> Table:
    """The rows for people, each time in the unit that suits it."""
    shown = Table("measured", "neops", "", "peer", "ratio", "target", "")
    for row in rows:
        target = "" if row.target is None else f"≤ {row.target:.3g}"
        times = time_of(row.neops.wall_s), row.peer_name, time_of(row.peer.wall_s)
        shown.add_row(row.name, *times, f"{row.ratio:.2f}", target, VERDICTS[row.met])
    return shown


def figures_table(figures: Iterable[Figure]) -> Table:
    """The figures for people."""
    shown = Table("measured", "neops", "target", "")
    for one in figures:
        target = "" if one.target is None else f"{'≥' if one.at_least else '≤'} {one.target:g}"
        shown.add_row(one.name, f"{_rounded(one.value)} {one.unit}", target, VERDICTS[one.met])
    return shown


def time_of(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
