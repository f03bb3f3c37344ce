"""What can reach devices and knows credentials for them, and what is missing."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from neops.devices import CAPABILITIES
from neops.devices.credentials.catalogue import ProviderCatalogue, ProviderEntry
from neops.devices.resolving.catalogue import PluginCatalogue, PluginEntry
from neops.settings import DeviceSettings, read_environment

if TYPE_CHECKING:
    from neops.protocol import JsonObject

_SHOWN_PLATFORMS = 8
"""Platforms named in the table; a plugin may serve a hundred."""
_NAME_WIDTHS: Mapping[str, int] = MappingProxyType({"capabilities": 17, "platforms": 16})
"""Of the longest names, with a comma: `SchedulesReboots,` and `(juniper_junos),`."""


def print_plugins(*, as_json: bool, verbose: bool) -> None:
    """Print the plugins and credential providers that are installed, best first, and what is wrong with them."""
    entries, providers = PluginCatalogue().entries(), ProviderCatalogue().entries()
    asked = DeviceSettings.load(read_environment(os.environ)).credentials
    if as_json:
        listed = [*map(_as_json, entries), *(_provider_as_json(provider, asked) for provider in providers)]
        typer.echo(json.dumps(listed, indent=2))
        return
    console = Console()
    console.print(_table(sorted(entries, key=_rank), all_platforms=verbose))
    if any(map(_on_request, entries)):
        console.print("In parentheses: platforms served only where the plugin is preferred.")
    _tell_problems(console, ((entry.name, entry.obstacle) for entry in entries))
    console.print(_provider_table(providers, asked))
    _tell_problems(console, ((provider.name, provider.obstacle) for provider in providers))


def _tell_problems(console: Console, problems: Iterable[tuple[str, str | None]]) -> None:
    for name, problem in problems:
        if problem is not None:
            console.print(f"[yellow]{name}[/yellow]: {escape(problem)}", soft_wrap=True)


def _provider_table(providers: Sequence[ProviderEntry], asked: Sequence[str]) -> Table:
    table = _plain_table("credential provider", "from", "asked", "usable")
    for provider in providers:
        table.add_row(
            provider.name,
            " ".join(part for part in (provider.origin.distribution, provider.origin.version) if part),
            str(asked.index(provider.name) + 1) if provider.name in asked else "",
            "[green]yes[/green]" if provider.obstacle is None else "[red]no[/red]",
        )
    return table


def _plain_table(*headings: str) -> Table:
    """Without lines, so that no name is broken in 80 columns."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, min_width=_NAME_WIDTHS.get(heading), overflow="fold")
    return table


def _rank(entry: PluginEntry) -> tuple[float, str]:
    return -entry.plugin.priority if entry.plugin else math.inf, entry.name


def _on_request(entry: PluginEntry) -> frozenset[str]:
    return frozenset(getattr(entry.plugin, "on_request", ()))


def _table(entries: Sequence[PluginEntry], *, all_platforms: bool) -> Table:
    table = _plain_table("plugin", "from", "priority", "capabilities", "platforms", "usable")
    for entry in entries:
        origin = " ".join(part for part in (entry.distribution, entry.version) if part)
        platforms = _platforms(entry)
        named = platforms if all_platforms else platforms[:_SHOWN_PLATFORMS]
        shown = [f"({name})" if name in _on_request(entry) else name for name in named]
        more = f" … {len(platforms)} in all" if len(shown) < len(platforms) else ""
        table.add_row(
            entry.name,
            origin,
            str(entry.plugin.priority) if entry.plugin else "",
            ", ".join(_capabilities(entry)),
            ", ".join(shown) + more,
            "[green]yes[/green]" if entry.usable else "[red]no[/red]",
        )
    return table


def _platforms(entry: PluginEntry) -> list[str]:
    if entry.plugin is None:
        return []
    # those it does most for come first
    served = {name: len(entry.plugin.capabilities(name)) for name in entry.plugin.platforms}
    return sorted(served, key=lambda name: (-served[name], name))


def _capabilities(entry: PluginEntry) -> list[str]:
    plugin = entry.plugin
    if plugin is None:
        return []
    served = frozenset().union(*(plugin.capabilities(name) for name in plugin.platforms))
    known = [capability for capability in CAPABILITIES if capability in served]
    others = sorted(served - set(CAPABILITIES), key=lambda capability: capability.__name__)
    return [capability.__name__ for capability in (*known, *others)]


def _provider_as_json(provider: ProviderEntry, asked: Sequence[str]) -> JsonObject:
    return {
        "kind": "credentials",
        "plugin": provider.name,
        "distribution": provider.origin.distribution,
        "version": provider.origin.version,
        "asked": asked.index(provider.name) + 1 if provider.name in asked else None,
        "usable": provider.obstacle is None,
        "obstacle": provider.obstacle,
    }


def _as_json(entry: PluginEntry) -> JsonObject:
    plugin = entry.plugin
    matrix: JsonObject = {}
    if plugin is not None:
        for name in sorted(plugin.platforms):
            matrix[name] = [*sorted(capability.__name__ for capability in plugin.capabilities(name))]
    return {
        "kind": "connection",
        "plugin": entry.name,
        "distribution": entry.distribution,
        "version": entry.version,
        "priority": plugin.priority if plugin else None,
        "usable": entry.usable,
        "obstacle": entry.obstacle,
        "install": None if entry.usable else entry.pip,
        "on_request": [*sorted(_on_request(entry))],
        "platforms": matrix,
    }
