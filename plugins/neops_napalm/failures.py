"""The exceptions of NAPALM, netmiko and paramiko as ours. NAPALM raises its own over theirs, so the chain is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from napalm.base.exceptions import CommandTimeoutException, ConnectAuthError
from netmiko.exceptions import NetmikoAuthenticationException, ReadException, ReadTimeout
from paramiko.ssh_exception import AuthenticationException, BadHostKeyException

from neops.devices import ConnectionOptions
from neops.devices.host_keys import HostKey, check_host_key
from neops.errors import (
    AuthenticationFailed,
    ConnectFailed,
    DeviceError,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)

E = TypeVar("E", bound=BaseException)


def opening_failure(device: str, where: str, options: ConnectionOptions, error: Exception) -> ConnectFailed:
    """What to raise for an exception out of `open`: who was tried with what, and what to do next."""
    if bad := _first(error, BadHostKeyException):
        return _rejection(device, where, options, HostKey(bad.key.get_name(), bad.key.get_base64()))
    if _first(error, (NetmikoAuthenticationException, AuthenticationException, ConnectAuthError)):
        user = options.credentials.username or "nobody (no username is set)"
        return AuthenticationFailed(device, f"{where} refused user {user}; check username and password or key")
    if options.credentials.enable_secret and _first(error, (ValueError, ReadException)):
        return AuthenticationFailed(device, f"{where}: the device refused the enable secret")
    return Unreachable(device, f"{where}: {_words(_first(error, OSError) or error)}")


def command_failure(
    device: str, where: str, options: ConnectionOptions, what: str, error: Exception, aborted: bool
) -> DeviceError:
    """What to raise for an exception out of an operation."""
    if aborted:
        return SessionLost(device, f"{what!r} on {where}: aborted")
    if _first(error, (ReadTimeout, CommandTimeoutException)):
        return OperationTimedOut(device, f"no prompt within {options.command_timeout_s:g} s after {what!r} on {where}")
    return SessionLost(device, f"{what!r} on {where}: {_words(error)}")


def _rejection(device: str, where: str, options: ConnectionOptions, shown: HostKey) -> HostKeyRejected:
    try:
        check_host_key(device, options.host, options.port, shown, options.host_keys)
    except HostKeyRejected as rejection:
        return rejection
    return HostKeyRejected(device, f"{where} shows another SSH host key than a moment ago")


def _first(error: BaseException, kinds: type[E] | tuple[type[E], ...]) -> E | None:
    return next((one for one in _chain(error) if isinstance(one, kinds)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: BaseException) -> str:
    """The first line of a library's message: netmiko's go on with generic advice."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
