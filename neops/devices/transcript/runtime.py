"""The device runtime, with a recording where the network was."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from typing_extensions import TypeForm

from neops.devices.options import DeviceOptions
from neops.devices.proxy import BlockingDevice
from neops.devices.resolving.catalogue import PluginCatalogue
from neops.devices.runtime import DeviceRuntime
from neops.devices.transcript.replay import ReplayPlugin
from neops.entities import Device, Platform
from neops.logs import Redactor
from neops.settings import DeviceSettings

C = TypeVar("C")

NEVER: Final = 1_000_000
"""As many refused logins as no recording has."""


class ReplayRuntime(DeviceRuntime):
    """Devices that answer what was recorded. No address is connected to, no jump host, and no credential is asked for.

    Deadlines, lanes and changes are those of every runtime. What holds logins back (rates, breakers, exclusions,
    credentials that are stopped) did so when it was recorded, and does not here.
    """

    def __init__(
        self, replay: ReplayPlugin, settings: DeviceSettings | None = None, *, redactor: Redactor | None = None
    ) -> None:
        self._ours = settings or DeviceSettings()
        free = DeviceSettings(  # everything else is its default: no jump host, no rate limit, no exclusion
            connect_timeout_s=self._ours.connect_timeout_s,
            command_timeout_s=self._ours.command_timeout_s,
            commit_timeout_s=self._ours.commit_timeout_s,
            breaker_failures=0,
            credential_failures=NEVER,
        )
        super().__init__(free, catalogue=PluginCatalogue.of(replay), credentials=(), redactor=redactor)

    def connect(self, device: Device, capability: TypeForm[C], *, job: str | None = None) -> C:
        return super().connect(self._nowhere(device), capability, job=job)

    def connect_blocking(self, device: Device, capability: TypeForm[Any], *, job: str | None = None) -> BlockingDevice:
        return super().connect_blocking(self._nowhere(device), capability, job=job)

    def _nowhere(self, device: Device) -> Device:
        """The device by its name and platform; how it is reached does not matter."""
        platform = DeviceOptions.read(device, self._ours).platform
        return device.model_copy(
            update={"connection_options": None, "platform": Platform(short_name=platform) if platform else None}
        )
