"""scrapli's and asyncssh's exceptions as ours."""

from __future__ import annotations

import os

import asyncssh
from scrapli.exceptions import ScrapliAuthenticationFailed, ScrapliTimeout

from neops.devices import ConnectionOptions
from neops.errors import AuthenticationFailed, ConnectFailed, HostKeyRejected, Unreachable
from neops_scrapli.login import EnableRefused
from neops_scrapli.ssh import HostKeyClient


def opening_failure(
    device: str, where: str, options: ConnectionOptions, client: HostKeyClient, error: Exception
) -> ConnectFailed:
    """What to raise for an exception out of `open`: who was tried with what, and what to do next."""
    if client.rejection is not None:
        return client.rejection
    cause = error.__cause__ if isinstance(error, ScrapliAuthenticationFailed) and error.__cause__ else error
    user = options.credentials.username or "nobody (no username is set)"
    match cause:
        case asyncssh.PermissionDenied():
            return AuthenticationFailed(device, f"{where} refused user {user}; check username and password or key")
        case asyncssh.HostKeyNotVerifiable():
            return HostKeyRejected(device, f"{where}: {cause}")
        case EnableRefused():
            return AuthenticationFailed(device, f"{where}: the device refused the enable secret")
        case ScrapliAuthenticationFailed():
            return AuthenticationFailed(device, f"{where}: {cause}")
        case asyncssh.KeyExchangeFailed():
            return Unreachable(
                device, f"{where}: {cause}; older algorithms go into extras: transport_options.asyncssh.kex_algs"
            )
        case TimeoutError() | ScrapliTimeout():
            stage = "logged in, but no prompt came" if client.logged_in else "no answer"
            return Unreachable(device, f"{where}: {stage} within {options.connect_timeout_s:g} s")
        case OSError(errno=int(number)) if number > 0:
            return Unreachable(device, f"{where}: {os.strerror(number)}")  # asyncio's text hides "Connection refused"
        case _:
            return Unreachable(device, f"{where}: {str(cause) or type(cause).__name__}")
