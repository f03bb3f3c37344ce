"""One wording for what happens with every library."""

from __future__ import annotations

from neops.errors import AuthenticationFailed, EnableRefused, OperationTimedOut


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
