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

from tests.benchmarks.fleet import Message

LIBRARIES = ("neops", "scrapli", "netmiko", "nornir", "nornir-netmiko", "asyncssh", "ssh2-python")


class Row(Message):
    """One comparison. `ratio` is neops / peer: below 1, neops is faster. Times are medians in seconds.

    `target` is what the ratio must not exceed, `met` whether it does not. The samples are in the order they were taken.
    """

    name: str
    neops_s: float
    neops_samples_s: tuple[float, ...]
    peer: str
    peer_s: float
    peer_samples_s: tuple[float, ...]
    ratio: float
    target: float | None
    met: bool | None

    @classmethod
    def compare(
        cls, name: str, neops: Sequence[float], peer: str, peers: Sequence[float], target: float | None = None
    ) -> Row:
        ratio = median(neops) / median(peers)
        return cls(
            name=name,
            neops_s=median(neops),
            neops_samples_s=tuple(neops),
            peer=peer,
            peer_s=median(peers),
            peer_samples_s=tuple(peers),
            ratio=ratio,
            target=target,
            met=None if target is None else ratio <= target,
        )


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

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.taken_at:%Y%m%dT%H%M%SZ}.json"
        file.write_text(self.model_dump_json(indent=2) + "\n")
        return file


def table(rows: Iterable[Row]) -> Table:
    """The rows for people, each time in the unit that suits it."""
    verdicts = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}
    shown = Table("measured", "neops", "peer", "takes", "ratio", "target", "")
    for row in rows:
        target = "" if row.target is None else f"≤ {row.target:g}"
        ratio = f"{row.ratio:.3g}"
        shown.add_row(row.name, time_of(row.neops_s), row.peer, time_of(row.peer_s), ratio, target, verdicts[row.met])
    return shown


def time_of(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"
