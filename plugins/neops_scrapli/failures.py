"""scrapli's and asyncssh's exceptions as ours."""

from __future__ import annotations

import asyncssh
from scrapli.exceptions import ScrapliAuthenticationFailed, ScrapliTimeout

from neops.devices import ConnectionOptions
from neops.devices.failures import secret_refused
from neops.devices.ssh import HostKeyClient, connect_failure
from neops.errors import AuthenticationFailed, ConnectFailed, Unreachable
from neops_scrapli.login import EnableRefused


def opening_failure(
    device: str, where: str, options: ConnectionOptions, client: HostKeyClient, error: Exception
) -> ConnectFailed:
    """What to raise for an exception out of `open`: who was tried with what, and what to do next."""
    cause = error.__cause__ if isinstance(error, ScrapliAuthenticationFailed) and error.__cause__ else error
    match cause:
        case EnableRefused():
            return secret_refused(device, where)
        case ScrapliAuthenticationFailed() if client.rejection is None:
            return AuthenticationFailed(device, f"{where}: {cause}")
        case asyncssh.KeyExchangeFailed():
            return Unreachable(
                device, f"{where}: {cause}; older algorithms go into extras: transport_options.asyncssh.kex_algs"
            )
        case ScrapliTimeout():
            return connect_failure(device, where, options, client, TimeoutError())
        case _:
            return connect_failure(device, where, options, client, cause)
