"""One wording for what happens with every library."""

from __future__ import annotations

import os
import socket

from neops.errors import AuthenticationFailed, EnableRefused, OperationTimedOut


def not_reached(error: OSError) -> str:
    """Why there is no connection, and what to do where that can be said."""
    match error:
        case socket.gaierror():
            return f"the name cannot be resolved ({error.strerror}); check the device's host name or give it an address"
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number)  # asyncio's text hides "Connection refused"
        case _:
            return str(error) or type(error).__name__


def login_refused(device: str, where: str, username: str | None) -> AuthenticationFailed:
    """What to raise for credentials that the device does not take; `where` is the address and the plugin."""
    user = username or "nobody (no username is set)"
    return AuthenticationFailed(device, f"{where} refused user {user}; check username and password or key")


def secret_refused(device: str, where: str) -> EnableRefused:
    """What to raise for an enable secret that the device does not take."""
    return EnableRefused(device, f"{where}: the device refused the enable secret")


def no_prompt(device: str, where: str, command: str, limit_s: float) -> OperationTimedOut:
    """What to raise for a command that was not over in time."""
    return OperationTimedOut(device, f"no prompt within {limit_s:g} s after {command!r} on {where}")
