"""`neops cms import`: reading a source, and handing it to a CMS in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from neops.cli.cms_port import Cms
from neops.cli.inventory import read_inventory
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
    copy = cms.copy(batch.origin, report)
    try:
        return _deliver(copy, wanted, batch, report)
    finally:
        copy.close()


def _deliver(cms: Cms, wanted: Import, batch: EntityBatch, report: Reporter) -> Delivered:
    done, written = Delivered(), 0
    for part in (*_parts(batch), *_rest(_gone(cms, batch), batch)):
        done += cms.write(replace(part, source=wanted.source, prune=wanted.prune, changes=wanted.changes))
        written += len(part.batch.devices)
        report("written", written, len(batch.devices))
    return done


def _parts(batch: EntityBatch) -> Iterator[Delivery]:
    yield Delivery(batch=EntityBatch(groups=batch.groups))
    for start in range(0, len(batch.devices), CHUNK):
        yield Delivery(batch=EntityBatch(devices=batch.devices[start : start + CHUNK], origin=batch.origin))


def _rest(gone: Sequence[str], batch: EntityBatch) -> Iterator[Delivery]:
    """What is gone, and, when all else is written, how far the source was read."""
    for start in range(0, len(gone), CHUNK):
        yield Delivery(batch=EntityBatch(origin=batch.origin), gone=gone[start : start + CHUNK])
    yield Delivery(batch=EntityBatch(cursor=batch.cursor))


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
