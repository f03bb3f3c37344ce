"""What people see: the table while a run goes on, and the one that closes it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from neops.cli.following import DeviceLine, RunView
from neops.cli.report import DeviceReport, RunReport
from neops.entities import Outcome

_STYLES = {
    Outcome.OK: "green",
    Outcome.CHANGED: "yellow",
    Outcome.UNREACHABLE: "red",
    Outcome.FAILED: "red",
    Outcome.ERRORED: "magenta",
    Outcome.SKIPPED: "dim",
}
"""Nornir's print_result: green ok, yellow changed, red failed."""

_MESSAGE_MAX = 40
"""Characters of a message in the closing table."""

_MARKS = {"pending": "·", "polled": "…", "ok": "✓", "failed": "✗"}
_MARK_STYLES = {"pending": "dim", "polled": "cyan", "ok": "green", "failed": "red"}


def live_view(view: RunView, *, rows: int) -> RenderableType:
    """The run as it is now, in at most `rows` lines: those that are at work come first when not all fit."""
    lines = view.lines if len(view.lines) + 4 <= rows else _busiest(view.lines, max(rows - 5, 1))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("device", "platform", *view.steps):
        table.add_column(heading, no_wrap=True)
    table.add_column("")  # the one that gives way where the terminal is narrow
    for line in lines:
        marks = [_mark(line.steps.get(step, "")) for step in view.steps]
        table.add_row(
            line.name, line.platform or "", *marks, Text(line.note, style="dim", no_wrap=True, overflow="ellipsis")
        )
    hidden = len(view.lines) - len(lines)
    summary = f"{view.status}: {view.done} of {view.total} jobs done" + (
        f", {view.failed} failed" if view.failed else ""
    )
    parts: list[RenderableType] = [table, Text(summary, style="bold")]
    if hidden:
        parts.insert(1, Text(f"… and {hidden} more devices", style="dim"))
    return Group(*parts)


def _busiest(lines: Sequence[DeviceLine], count: int) -> Sequence[DeviceLine]:
    return sorted(lines, key=lambda line: ("polled" not in line.steps.values(), -line.changed_at))[:count]


def _mark(state: str) -> Text:
    return Text(_MARKS.get(state, ""), style=_MARK_STYLES.get(state, ""))


def print_report(console: Console, report: RunReport, *, details: bool = False, differences: bool = False) -> None:
    """The closing table, the failures one line each, and where the artifacts are.

    `details` are the messages of devices that went well, `differences` what was changed on each.
    """
    if report.devices:
        console.print(closing_table(report.devices))
    for device in report.devices:
        if details or device.outcome not in (Outcome.OK, Outcome.CHANGED):
            console.print(_detail(device), soft_wrap=True)
        for text in device.differences if differences else ():
            console.print(Text.assemble((device.name, "bold"), "\n", _coloured(text)), soft_wrap=True)
    for failure in report.others:
        console.print(f"[red]failed[/red] {escape(failure)}", soft_wrap=True)
    if report.run.reason and not report.succeeded:
        console.print(f"[red]{report.run.status}[/red] {escape(_reason(report, report.run.reason))}", soft_wrap=True)
    console.print(_counts(report))
    if report.artifacts_folder is not None and report.artifacts:
        console.print(f"{len(report.artifacts)} artifacts in {escape(report.artifacts_folder)}", soft_wrap=True)


def _reason(report: RunReport, reason: str) -> str:
    """Why the run ended, without what a device's own line has said already."""
    told = (reason.find(f": {device.name}: ") for device in report.devices if not device.outcome.good)
    return reason[: min((end for end in told if end >= 0), default=None)]


def closing_table(devices: Sequence[DeviceReport]) -> Table:
    """One row a device: who it is, who served it, what came of it and how long it took.

    Its version stands there as well or, where none of them is known, what its last step said.
    """
    versions = any(device.version for device in devices)
    table = Table(header_style="bold")
    for heading in ("device", "platform", "plugin", "version" if versions else "message", "result"):
        table.add_column(heading, overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for device in devices:
        table.add_row(
            escape(device.name),
            device.platform or "",
            ", ".join(device.plugins),
            escape((device.version or "") if versions else _brief(device)),
            Text(device.outcome.value, style=_STYLES[device.outcome]),
            f"{device.seconds:.2f} s",
        )
    return table


def _brief(device: DeviceReport) -> str:
    """Its message, in a line; one that did not go well has a line of its own below the table."""
    return shorten(device.message, _MESSAGE_MAX, placeholder=" …") if device.outcome.good else ""


def _detail(device: DeviceReport) -> Text:
    return Text.assemble((device.outcome.value, _STYLES[device.outcome]), f" {device.name}: {device.message}")


def _coloured(difference: str) -> Text:
    styles = {"+": "green", "-": "red"}
    lines = difference.rstrip().splitlines(keepends=True)
    return Text().join(Text(line, style=styles.get(line.lstrip()[:1], "")) for line in lines)


def _counts(report: RunReport) -> Text:
    line = Text()
    for outcome, number in report.counts.items():
        line.append(f"{number} {outcome.value}", style=_STYLES[outcome] if number else "dim")
        line.append("  ")
    return line.append(f"in {report.elapsed.total_seconds():.1f} s", style="bold")
