"""Printing a recording, as `neops transcript show` does."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from neops.devices.transcript import CallLine, LoginLine, Transcript, written


def show_transcript(file: Path, *, device: str | None, as_json: bool, verbose: bool) -> None:
    """Print what was asked and answered, of one device where it is named."""
    transcript = Transcript.read(file)
    events = [event for event in transcript.events if device in (None, event.device)]
    if as_json:
        typer.echo(json.dumps(_as_json(transcript, events), indent=2, ensure_ascii=False))
        return
    console = Console(soft_wrap=True, highlight=False)
    _print_heading(console, transcript, device)
    calls: dict[str, int] = {}
    for event in events:
        number = ""
        if isinstance(event, CallLine):
            calls[event.device] = calls.get(event.device, 0) + 1
            number = str(calls[event.device])
        _print_event(console, event, number, verbose=verbose)
    if not transcript.complete:
        console.print("The end is missing: whoever recorded was killed, or still records.", style="yellow")


def _print_heading(console: Console, transcript: Transcript, only: str | None) -> None:
    header = transcript.header
    about = "".join(f", {name} {value}" for name, value in header.about.items())
    console.print(Text(f"recorded {header.recorded_at:%Y-%m-%d %H:%M:%S %Z} by neops {header.neops}{about}", "dim"))
    for line in transcript.devices:
        if only in (None, line.device):
            console.print(Text(f"{line.device}: {line.platform} through {line.plugin}", "dim"))


def _print_event(console: Console, event: CallLine | LoginLine, number: str, *, verbose: bool) -> None:
    asked = written(event.method, event.arguments) if isinstance(event, CallLine) else "login"
    text = Text.assemble(
        (f"{event.at_s:9.3f} ", "dim"),
        (f"{event.device} ", "bold"),
        (f"{number:>3} " if number else "    ", "dim"),
        asked if verbose else _one_line(asked),
        (f"  {event.took_s:.3f} s", "dim"),
    )
    if event.error is not None:
        text.append(f"  {event.error.type}: {event.error.message}", "red")
    console.print(text)
    if verbose and isinstance(event, CallLine):
        _print_below(console, event)


def _print_below(console: Console, call: CallLine) -> None:
    for exchange in call.exchanges:
        typed = exchange.command if exchange.text is None else f"{exchange.command}\n{exchange.text}"
        console.print(Text(_indented(typed, "> "), "cyan"))
        console.print(Text(_indented(exchange.output or "no answer", "  ")))
    if not call.exchanges and call.error is None:
        console.print(Text(_indented(json.dumps(call.result, indent=2, ensure_ascii=False), "  ")))


def _indented(text: str, mark: str) -> str:
    return "\n".join(f"{'':14}{mark}{line}" for line in text.splitlines())


def _one_line(text: str, most: int = 100) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _as_json(transcript: Transcript, events: list[LoginLine | CallLine]) -> dict[str, object]:
    return {
        "header": transcript.header.model_dump(mode="json"),
        "devices": [line.model_dump(mode="json") for line in transcript.devices],
        "events": [event.model_dump(mode="json") for event in events],
        "complete": transcript.complete,
    }
