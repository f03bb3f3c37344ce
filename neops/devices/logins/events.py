"""What happens to logins, for whoever keeps the state of devices."""

from __future__ import annotations

from dataclasses import dataclass

from neops.entities import ConnectionState, Device
from neops.errors import AuthenticationFailed, ConnectFailed, Unreachable


@dataclass(frozen=True, kw_only=True)
class LoginEvent:
    """One attempt to open a session: `error` is None when it went well.

    `device` is the very entity that was handed to `connect`.
    """

    device: Device
    plugin: str
    job: str | None
    elapsed_s: float
    error: ConnectFailed | None = None

    @property
    def state(self) -> ConnectionState:
        """What the attempt says about the device."""
        match self.error:
            case None:
                return ConnectionState.OK
            case AuthenticationFailed():
                return ConnectionState.AUTHFAILURE
            case Unreachable():
                return ConnectionState.UNREACHABLE
            case _:
                return ConnectionState.NOSSH
