"""What a benchmark talks to and what it measured: the JSON between the runner and its client processes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

COMMAND = "show version"


class Message(BaseModel):
    """Base of what crosses the process boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Endpoint(Message):
    """One simulated device; `platform` is netmiko's device type."""

    name: str
    host: str
    port: int
    platform: str


class Fleet(Message):
    """Simulated devices that share one login."""

    username: str
    password: str
    endpoints: tuple[Endpoint, ...]

    def one_of_each(self) -> Fleet:
        """A device of each platform: what clients log in to first, so that imports are not measured."""
        first = {end.platform: end for end in reversed(self.endpoints)}
        return self.model_copy(update={"endpoints": tuple(first.values())})

    def others(self) -> Fleet:
        """The devices that nobody has logged in to yet: the ones that are measured."""
        known = self.one_of_each().endpoints
        return self.model_copy(update={"endpoints": tuple(end for end in self.endpoints if end not in known)})


class Sample(Message):
    """One measurement: seconds on the clock, and of the client's own processor time, all threads together."""

    wall_s: float
    cpu_s: float


class FleetTimes(Message):
    """Until the last device answered: logging in first (cold), and again on the open sessions (warm)."""

    cold: Sample
    warm: Sample


class CallTimes(Message):
    """The median of one command on one open session: through neops, and through the library itself."""

    proxy: Sample
    bare: Sample
