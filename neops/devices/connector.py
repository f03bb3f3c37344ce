"""What a running job needs from the device layer; `DeviceRuntime` is one, tests bring smaller ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from typing_extensions import TypeForm

from neops.entities import Device

if TYPE_CHECKING:  # a job that asks for devices need not know how they are reached
    from neops.devices.proxy import BlockingDevice

C = TypeVar("C")


class Connector(Protocol):
    """Gives out devices as capabilities."""

    def connect(self, device: Device, capability: TypeForm[C], *, job: str | None = None) -> C:
        """The device, typed as what was asked. Logs in at the first call of a method, not here.

        `capability` is one capability or a Protocol composed of several. `job` is who asks: sessions in use by a
        job are closed when it is aborted.

        Raises:
            CapabilityMissing: no installed plugin can; the message says of each one why.
            DeviceError: the device's `connection_options` cannot be read.
        """
        ...

    def connect_blocking(self, device: Device, capability: TypeForm[Any], *, job: str | None = None) -> BlockingDevice:
        """The same for a thread without an event loop: methods return the answer itself."""
        ...

    def served_by(self, device: Device) -> tuple[str, ...]:
        """Names of the plugins that answered for this device so far, in the order of their first use."""
        ...
