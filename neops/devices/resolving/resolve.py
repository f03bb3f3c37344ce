"""Which plugin serves which capability of a device: a pure decision, taken before any login."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from neops.devices.capabilities import methods_of
from neops.devices.resolving.catalogue import PluginEntry
from neops.errors import CapabilityMissing, Considered


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What one plugin could do for one device.

    `capabilities` is what it has on the device's platform, empty when it does not know the platform. `obstacle` says
    why it cannot be used although it might fit, None when it can. `on_request`: it is chosen only if it is preferred.
    """

    plugin: str
    priority: int = 0
    capabilities: frozenset[type] = frozenset()
    obstacle: str | None = None
    on_request: bool = False


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for one device. `preferred` are plugin names, best first; the others follow by priority."""

    device: str
    platform: str | None
    capabilities: frozenset[type]
    preferred: Sequence[str] = ()


@dataclass(frozen=True)
class Resolution:
    """The plugin that serves each capability."""

    plugin_of: Mapping[type, str]

    @property
    def plugins(self) -> tuple[str, ...]:
        """Names of the plugins that take part, sorted."""
        return tuple(sorted(set(self.plugin_of.values())))

    def described(self) -> dict[str, str]:
        """The plugin of each capability, by name, for the log."""
        return {capability.__name__: plugin for capability, plugin in self.plugin_of.items()}

    def methods(self) -> dict[str, str]:
        """The plugin that answers each method."""
        return {
            method: self.plugin_of[capability]
            for capability in sorted(self.plugin_of, key=lambda one: one.__qualname__)
            for method in methods_of(capability)
        }


def resolve(wish: Wish, offers: Iterable[Offer]) -> Resolution:
    """Choose the plugins for a wish: the best one that has everything, else for each capability its best one.

    A plugin that serves on request was asked for by its name: it is not passed over for one that has everything.

    Raises:
        CapabilityMissing: nobody has one of the capabilities; the error says of each plugin why it fell out.
    """
    in_order = ranked(offers, wish.preferred)
    usable = [offer for offer in in_order if offer.obstacle is None]
    for offer in usable:
        if wish.capabilities <= offer.capabilities:
            return Resolution(dict.fromkeys(wish.capabilities, offer.plugin))
        if offer.on_request and wish.capabilities & offer.capabilities:
            break
    best = {
        capability: next((offer.plugin for offer in usable if capability in offer.capabilities), None)
        for capability in wish.capabilities
    }
    missing = frozenset(capability for capability, plugin in best.items() if plugin is None)
    if missing:
        considered = [Considered(plugin=offer.plugin, reason=_reason(offer, missing)) for offer in in_order]
        raise CapabilityMissing(wish.device, wish.platform, _names(missing), considered)
    return Resolution({capability: plugin for capability, plugin in best.items() if plugin is not None})


def offer_of(entry: PluginEntry, platform: str | None) -> Offer:
    """What a plugin of the catalogue offers on a platform."""
    plugin = entry.plugin
    if plugin is None:
        return Offer(plugin=entry.name, obstacle=entry.obstacle)
    if platform is None or platform not in plugin.platforms:
        return Offer(plugin=entry.name, priority=plugin.priority)
    try:
        capabilities = plugin.capabilities(platform)
    except Exception as error:  # noqa: BLE001  # the plugin's own code: one that is broken must not stop the others
        return Offer(plugin=entry.name, priority=plugin.priority, obstacle=f"failed to answer: {error!r}")
    return Offer(
        plugin=entry.name,
        priority=plugin.priority,
        capabilities=capabilities,
        obstacle=entry.obstacle,
        on_request=platform in getattr(plugin, "on_request", ()),
    )


def ranked(offers: Iterable[Offer], preferred: Sequence[str] = ()) -> list[Offer]:
    """The offers, best first: those that are preferred in that order, then by priority.

    One that waits to be asked for has that as its obstacle, unless it is preferred.
    """
    return sorted((_if_asked(offer, preferred) for offer in offers), key=lambda offer: _rank(offer, preferred))


def _if_asked(offer: Offer, preferred: Sequence[str]) -> Offer:
    if not offer.on_request or offer.plugin in preferred or offer.obstacle is not None:
        return offer
    return replace(offer, obstacle=f"serves this platform only when preferred: set plugins: [{offer.plugin}]")


def _rank(offer: Offer, preferred: Sequence[str]) -> tuple[float, int, str]:
    place = preferred.index(offer.plugin) if offer.plugin in preferred else math.inf
    return place, -offer.priority, offer.plugin


def _reason(offer: Offer, missing: frozenset[type]) -> str:
    if offer.obstacle is not None and (missing & offer.capabilities or not offer.capabilities):
        return offer.obstacle
    if not offer.capabilities:
        return "does not serve this platform"
    return f"has no {' and no '.join(_names(missing - offer.capabilities))} here"


def _names(capabilities: Iterable[type]) -> list[str]:
    return sorted(capability.__name__ for capability in capabilities)
