"""A run as its events tell it, while it goes on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neops.engine.store.records import Event, EventKind
from neops.entities import Device
from neops.protocol import JobResultStatus


@dataclass(kw_only=True)
class DeviceLine:
    """One device: the state of each step (`pending`, `polled`, `ok`, `failed`) and the last thing said about it."""

    name: str
    platform: str | None
    steps: dict[str, str] = field(default_factory=dict)
    note: str = ""
    changed_at: int = 0
    """Number of the last event about it: higher is later."""


class RunView:
    """Takes in a run's events, in order. `total` and `done` count jobs as far as they are known."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._by_id: Mapping[int, DeviceLine] = {
            device.id: DeviceLine(name=device.name, platform=device.platform_name) for device in devices
        }
        self._states: dict[str, str] = {}
        self.steps: list[str] = []
        self.status = "new"
        self.reason: str | None = None

    @property
    def lines(self) -> list[DeviceLine]:
        """All devices, in the order in which they were given."""
        return list(self._by_id.values())

    @property
    def total(self) -> int:
        """Jobs so far."""
        return len(self._states)

    @property
    def done(self) -> int:
        """Jobs that are over."""
        return sum(state in ("ok", "failed") for state in self._states.values())

    @property
    def failed(self) -> int:
        """Jobs that did not succeed."""
        return sum(state == "failed" for state in self._states.values())

    def take(self, event: Event) -> None:
        """Take in the next event."""
        match event.kind:
            case EventKind.RUN:
                self.status = str(event.data.get("status", self.status))
                self.reason = _text(event.data.get("reason")) or self.reason
            case EventKind.JOB:
                self._job(event)
            case EventKind.PROGRESS | EventKind.STEP:
                self._note(event)
            case _:
                return

    def _note(self, event: Event) -> None:
        if (line := self._by_id.get(event.entity_id or 0)) is not None:
            line.note = _text(event.data.get("message")) or line.note

    def _job(self, event: Event) -> None:
        state = _state(event)
        if event.job is not None:
            self._states[event.job] = state
        label = event.step_label or ""
        if label not in self.steps:
            self.steps.append(label)
        if (line := self._by_id.get(event.entity_id or 0)) is not None:
            line.steps[label] = state
            line.changed_at = event.seq
            line.note = _text(event.data.get("message")) or line.note


def _state(event: Event) -> str:
    status = str(event.data.get("status"))
    if status != "pushed":
        return status
    good = (JobResultStatus.SUCCESS, JobResultStatus.SUCCESS_ACK)
    return "ok" if event.data.get("resultStatus") in good else "failed"


def _text(value: object) -> str:
    return " ".join(str(value).split()) if value else ""
