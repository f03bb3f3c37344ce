"""From a device and a wish to routes: which plugin answers each method, and what its session is told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from neops.devices.logins import Route
from neops.devices.options import DeviceOptions
from neops.devices.resolving.catalogue import PluginCatalogue
from neops.devices.resolving.resolve import Wish, offer_of, resolve
from neops.entities import Device
from neops.settings import DeviceSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Where each method of a device is answered; `platform` is our name of it."""

    platform: str | None
    methods: Mapping[str, Route]


class Routing:
    """Decides once for all devices of a platform that ask for the same; what is installed does not change meanwhile."""

    def __init__(self, catalogue: PluginCatalogue, settings: DeviceSettings) -> None:
        self._catalogue, self._settings = catalogue, settings
        self._known: dict[tuple[str | None, frozenset[type], tuple[str, ...]], Mapping[str, str]] = {}

    def routes(self, device: Device, capabilities: frozenset[type]) -> Routes:
        """Where a device has these capabilities; nothing is asked of it.

        Raises:
            CapabilityMissing: no installed plugin can; the message says of each one why.
            DeviceError: the device's `connection_options` cannot be read.
        """
        options = DeviceOptions.read(device, self._settings)
        plugin_of = self._plugin_of(device, options, capabilities)
        plugins = [self._catalogue.plugin(name) for name in set(plugin_of.values())]
        routes = {plugin.name: Route.to(device, plugin, options.for_plugin(plugin)) for plugin in plugins}
        methods = {method: routes[plugin] for method, plugin in plugin_of.items()}
        return Routes(platform=options.platform, methods=methods)

    def _plugin_of(self, device: Device, options: DeviceOptions, capabilities: frozenset[type]) -> Mapping[str, str]:
        """The plugin of each method, by name."""
        platform, preferred = options.platform, options.preferred_plugins
        known = self._known.get((platform, capabilities, preferred))
        if known is None:
            wish = Wish(device=device.name, platform=platform, capabilities=capabilities, preferred=preferred)
            resolution = resolve(wish, [offer_of(entry, platform) for entry in self._catalogue.entries()])
            if len(resolution.plugins) > 1:
                fields = {"platform": platform, "served_by": resolution.described()}
                logger.info("no single plugin has all", extra=fields)
            known = self._known[platform, capabilities, preferred] = resolution.methods()
        return known
