"""`neops cms import`: reading a source, and handing it to a CMS in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from neops.cli.cms_port import Cms
from neops.cli.inputs import read_inventory
from neops.cli.progress import Reporter
from neops.cms import Delivered, Delivery
from neops.entities import EntityBatch
from neops.errors import UsageError

CHUNK: Final = 1000
"""Devices written in one transaction, so that an engine on the same database gets its turn."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """What to bring in, and how.

    `full`: also from a source that could tell what changed. `prune`: delete devices that are gone from it. `dry_run`:
    work it out and write nothing. `changes`: answer each change.
    """

    source: str
    full: bool = False
    prune: bool = False
    dry_run: bool = False
    changes: bool = False


def bring_in(cms: Cms, wanted: Import, report: Reporter) -> Delivered:
    """Read the source, write what differs, and say which devices are gone from it.

    Raises:
        InventoryInvalid: the source cannot be read; nothing was written.
        UsageError: `prune` is asked for, and what was read does not say what is gone.
    """
    since = None if wanted.full or wanted.prune else cms.cursor_of(wanted.source)
    batch = read_inventory(wanted.source, since=since, progress=report)
    if wanted.prune:
        _check_prunable(wanted.source, batch)
    if not wanted.dry_run:
        return _deliver(cms, wanted, batch, report)
    copy = cms.copy(batch.origin)
    try:
        return _deliver(copy, wanted, batch, report)
    finally:
        copy.close()


def _deliver(cms: Cms, wanted: Import, batch: EntityBatch, report: Reporter) -> Delivered:
    done = Delivered()
    for number, part in _parts(batch):
        done += cms.write(Delivery(batch=part, source=wanted.source, changes=wanted.changes))
        report("written", number, len(batch.devices))
    last = replace(batch, devices=(), groups=())
    gone = _gone(cms, batch)
    return done + cms.write(
        Delivery(batch=last, source=wanted.source, gone=gone, prune=wanted.prune, changes=wanted.changes)
    )


def _parts(batch: EntityBatch) -> Iterator[tuple[int, EntityBatch]]:
    yield 0, EntityBatch(groups=batch.groups)
    for start in range(0, len(batch.devices), CHUNK):
        devices = batch.devices[start : start + CHUNK]
        yield start + len(devices), EntityBatch(devices=devices, origin=batch.origin)


def _gone(cms: Cms, batch: EntityBatch) -> list[str]:
    """Devices that the inventory had; what was not read whole says nothing about that."""
    if not batch.complete or batch.origin is None:
        return []
    return sorted(set(cms.devices_from(batch.origin).devices) - {device.hostname for device in batch.devices})


def _check_prunable(source: str, batch: EntityBatch) -> None:
    if not batch.complete or batch.origin is None:
        raise UsageError(f"--prune: {source} was read in part, which does not say what is gone; nothing was done")
    if not batch.devices:
        raise UsageError(f"--prune: {source} has no devices at all, which may be a mistake; nothing was done")
