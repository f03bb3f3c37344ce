"""Which plugin answers for which capability on which platform: what `connect` would decide, for people to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from neops.devices.capabilities import CAPABILITIES, Interacts, RunsCommands
from neops.devices.resolving.catalogue import PluginEntry
from neops.devices.resolving.resolve import Offer, offer_of, ranked


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One capability on one platform.

    `plugins` could answer, and the first one does. Where there is none `why` says so in one line, and `install` are the
    commands that would change it. `on_request` are plugins that could answer where they are preferred.
    """

    plugins: tuple[str, ...] = ()
    on_request: tuple[str, ...] = ()
    why: str = ""
    install: tuple[str, ...] = ()

    @property
    def plugin(self) -> str | None:
        """Who answers."""
        return self.plugins[0] if self.plugins else None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One platform, with its cells by the capability's name."""

    platform: str
    cells: Mapping[str, Cell]

    @property
    def served(self) -> tuple[str, ...]:
        """Names of the capabilities that somebody has."""
        return tuple(name for name, cell in self.cells.items() if cell.plugins)

    @property
    def only_commands(self) -> bool:
        """Whether all that anybody can do there is to type commands."""
        return {RunsCommands.__name__, Interacts.__name__}.issuperset(self.served)


def capability_matrix(
    entries: Iterable[PluginEntry], *, preferred: Sequence[str] = (), capabilities: Sequence[type] = CAPABILITIES
) -> tuple[Row, ...]:
    """All platforms that these plugins know, by name. `preferred` are plugin names, best first, as in the settings."""
    known = list(entries)
    platforms = {platform for entry in known if entry.plugin for platform in entry.plugin.platforms}
    return tuple(_row(platform, known, preferred, capabilities) for platform in sorted(platforms))


def _row(platform: str, entries: Sequence[PluginEntry], preferred: Sequence[str], capabilities: Sequence[type]) -> Row:
    pip = {entry.name: entry.pip for entry in entries if not entry.usable}
    offers = ranked([offer_of(entry, platform) for entry in entries], preferred)
    return Row(
        platform=platform, cells={capability.__name__: _cell(capability, offers, pip) for capability in capabilities}
    )


def _cell(capability: type, offers: Sequence[Offer], pip: Mapping[str, str]) -> Cell:
    having = [offer for offer in offers if capability in offer.capabilities]
    usable = tuple(offer.plugin for offer in having if offer.obstacle is None)
    waiting = tuple(offer.plugin for offer in having if offer.on_request and offer.plugin not in usable)
    if usable:
        return Cell(plugins=usable, on_request=waiting)
    unknown = [offer for offer in offers if not offer.capabilities]
    why = "; ".join(f"{offer.plugin}: {offer.obstacle}" for offer in having or unknown if offer.obstacle)
    if not having:
        others = ", ".join(offer.plugin for offer in offers if offer.capabilities)
        why = "; ".join(part for part in (f"not among what {others} can do there" if others else "", why) if part)
    return Cell(
        why=why, on_request=waiting, install=tuple(pip[offer.plugin] for offer in having if not offer.on_request)
    )
