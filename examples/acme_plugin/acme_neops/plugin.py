"""What neops asks before it opens a session."""

from collections.abc import Mapping

from acme_neops.session import AcmeSession
from neops.devices import ConnectionOptions, Session, capabilities_of
from neops.entities import Device


class AcmePlugin:
    """Acme OS over its line protocol.

    This one needs no library. One that does imports it in its session module only, and that module in `session()`.
    """

    name = "acme"
    extra = "acme-neops"
    modules: tuple[str, ...] = ()
    priority = 100
    platforms: Mapping[str, str] = {"acme_os": "acme_os"}

    def capabilities(self, platform: str) -> frozenset[type]:
        return capabilities_of(AcmeSession) if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        return AcmeSession(device.name, options)
