"""What answers for which capability on which platform, and why nothing does elsewhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from neops.devices import CAPABILITIES
from neops.devices.resolving.catalogue import PluginCatalogue
from neops.devices.resolving.matrix import Cell, Row, capability_matrix
from neops.errors import UsageError
from neops.settings import DeviceSettings, read_environment

if TYPE_CHECKING:
    from neops.protocol import JsonObject

T = TypeVar("T")

_NOBODY, _NOT_INSTALLED = "-", "+"
_LEGEND = "A cell names the plugin that answers, (in parentheses) if preferred; - nobody can, + a library is missing."
_EMPTY = ("not installed", "nobody")

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Names of capabilities are wider than those of plugins: a heading has a line for each word."""

_NAMED = 8
"""Platforms named where the same is missing on more of them."""


def print_matrix(platforms: Sequence[str], capabilities: Sequence[str], *, all_platforms: bool, as_json: bool) -> None:
    """Print who would answer; of these platforms and capabilities where some are named.

    Raises:
        UsageError: there is no such platform or capability.
    """
    settings = DeviceSettings.load(read_environment(os.environ))
    chosen = _chosen("--capability", capabilities, {one.__name__: one for one in CAPABILITIES})
    rows = capability_matrix(PluginCatalogue().entries(), preferred=settings.plugins, capabilities=chosen)
    rows = tuple(_chosen("--platform", platforms, {row.platform: row for row in rows}))
    if as_json:
        typer.echo(json.dumps({row.platform: _as_json(row) for row in rows}, indent=2))
        return
    plain = [row for row in rows if not platforms and not all_platforms and row.only_commands]
    _print(Console(), [row for row in rows if row not in plain], plain)


def _chosen(option: str, names: Iterable[str], known: dict[str, T]) -> list[T]:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3) or sorted(known)[:_NAMED]
            raise UsageError(f"{option} {name}: there is none; for example {', '.join(near)}")
    return [known[name] for name in names or known]


def _print(console: Console, rows: Sequence[Row], plain: Sequence[Row]) -> None:
    if rows:
        grid = _grid(rows)
        fits = console.measure(grid, options=console.options.update(width=10_000)).maximum <= console.width
        console.print(grid if fits else _list(rows))
        if fits:
            console.print(_LEGEND, style="dim")
    if plain:
        console.print(
            f"{len(plain)} more platforms can be sent commands, no more: --all shows them, --platform NAME one."
        )
    _explain(console, rows)


def _grid(rows: Sequence[Row]) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("platform", no_wrap=True)
    for name in rows[0].cells:
        table.add_column(_WORD.sub("\n", name), no_wrap=True)
    for row in rows:
        table.add_row(row.platform, *(_mark(cell) for cell in row.cells.values()))
    return table


def _list(rows: Sequence[Row]) -> Table:
    """The same for a narrow terminal: capabilities by who answers."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("platform", no_wrap=True)
    table.add_column("answered by", no_wrap=True)
    table.add_column("capabilities", overflow="fold")
    for row in rows:
        by_plugin: dict[str, list[str]] = {}
        for name, cell in row.cells.items():
            by_plugin.setdefault(_answering(cell) or _EMPTY[not cell.install], []).append(name)
        in_order = sorted(by_plugin.items(), key=lambda one: one[0] in _EMPTY)
        for at, (plugin, names) in enumerate(in_order):
            table.add_row("" if at else row.platform, plugin, ", ".join(names))
    return table


def _mark(cell: Cell) -> Text:
    if answering := _answering(cell):
        return Text(answering, style="green" if cell.plugin else "yellow")
    return Text(_NOT_INSTALLED, style="yellow") if cell.install else Text(_NOBODY, style="dim")


def _answering(cell: Cell) -> str | None:
    """Who answers, in parentheses who would if they were preferred."""
    return cell.plugin or (f"({', '.join(cell.on_request)})" if cell.on_request else None)


def _explain(console: Console, rows: Sequence[Row]) -> None:
    """Say why cells are empty; what is the same on several platforms is said once."""
    alike: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        empty: dict[str, list[str]] = {}
        for name, cell in row.cells.items():
            if not cell.plugins:
                empty.setdefault(cell.why, []).append(name)
        for why, names in empty.items():
            alike.setdefault((", ".join(names), why), []).append(row.platform)
    if alike:
        console.print("Why nobody answers:", style="bold")
    for (lacking, why), platforms in alike.items():
        console.print(f"  {_some(platforms)}: {lacking}: {escape(why)}", soft_wrap=True, highlight=False)


def _some(platforms: Sequence[str]) -> str:
    more = len(platforms) - _NAMED
    return ", ".join(platforms[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _as_json(row: Row) -> JsonObject:
    return {
        name: {
            "plugin": cell.plugin,
            "plugins": [*cell.plugins],
            "on_request": [*cell.on_request],
            "why": cell.why,
            "install": [*cell.install],
        }
        for name, cell in row.cells.items()
    }
