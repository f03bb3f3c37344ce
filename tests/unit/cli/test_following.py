from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from rich.console import Console

from neops.cli.following import RunView
from neops.cli.render import live_view
from neops.engine.store.records import Event, EventKind, JobId, RunId
from neops.entities import Device, Platform
from neops.protocol import JsonObject


@pytest.fixture
def view() -> RunView:
    return RunView(
        Device(id=number, hostname=f"r{number}", platform=Platform(short_name="cisco_ios")) for number in range(1, 31)
    )


_numbers = count(1)


def _event(kind: EventKind, device: int | None = None, **data: object) -> Event:
    told: JsonObject = {**data}  # type: ignore[dict-item]  # the tests give JSON
    job = JobId(f"job{device}") if kind is EventKind.JOB else None
    return Event(
        run=RunId("run"),
        seq=next(_numbers),
        at=datetime(2026, 1, 2, tzinfo=UTC),
        kind=kind,
        step_label="facts" if kind is not EventKind.RUN else None,
        job=job,
        entity_id=device,
        data=told,
    )


def test_jobs_are_counted_by_their_last_state(view: RunView) -> None:
    for device in (1, 2, 3):
        view.take(_event(EventKind.JOB, device, status="pending"))
    view.take(_event(EventKind.JOB, 1, status="pushed", resultStatus="success"))
    view.take(_event(EventKind.JOB, 2, status="pushed", resultStatus="failed", message="is down"))

    assert (view.total, view.done, view.failed) == (3, 2, 1)
    assert [line.steps.get("facts") for line in view.lines[:3]] == ["ok", "failed", "pending"]
    assert view.lines[1].note == "is down"


def test_a_small_screen_shows_the_devices_that_are_at_work(view: RunView) -> None:
    view.take(_event(EventKind.RUN, status="running"))
    view.take(_event(EventKind.JOB, 27, status="polled"))
    console = Console(width=100, record=True, force_terminal=False)

    console.print(live_view(view, rows=10))

    shown = console.export_text()
    assert "r27" in shown
    assert "and 25 more devices" in shown
    assert len(shown.splitlines()) <= 10
