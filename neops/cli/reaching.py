"""How the devices of a command are reached, as its environment says."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from neops.devices.resolving.catalogue import PluginCatalogue
from neops.settings import DeviceSettings

logger = logging.getLogger(__name__)


def device_settings(environment: Mapping[str, str]) -> DeviceSettings:
    """The settings; a plugin that is preferred and not there is a warning.

    Raises:
        SettingsInvalid: a value cannot be.
    """
    settings = DeviceSettings.load(environment)
    if settings.plugins:
        installed = PluginCatalogue().names()
        for name in settings.plugins:
            if name not in installed:
                known = ", ".join(installed) or "none"
                logger.warning("there is no such plugin", extra={"NEOPS_PLUGINS": name, "installed": known})
    return settings
