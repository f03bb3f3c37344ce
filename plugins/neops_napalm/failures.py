"""The exceptions of NAPALM, netmiko and paramiko as ours. NAPALM raises its own over theirs, so the chain is read."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPException
from typing import TypeVar

from napalm.base.exceptions import CommandTimeoutException, ConnectAuthError, ConnectionClosedException
from netmiko.exceptions import NetmikoAuthenticationException, ReadException, ReadTimeout
from paramiko.ssh_exception import AuthenticationException, BadHostKeyException

from neops.devices import ConnectionOptions
from neops.devices.host_keys import known_hosts, rejection
from neops.devices.netmiko_arguments import asked_host_keys
from neops.errors import (
    AuthenticationFailed,
    ConnectFailed,
    DeviceError,
    OperationTimedOut,
    ParseFailed,
    SessionLost,
    Unreachable,
)
from neops_napalm.host_keys import host_key

E = TypeVar("E", bound=BaseException)


def opening_failure(device: str, where: str, options: ConnectionOptions, error: Exception) -> ConnectFailed:
    """What to raise for an exception out of `open`: who was tried with what, and what to do next."""
    if bad := _first(error, BadHostKeyException):
        asked = asked_host_keys(options.extras.get("optional_args", {}), options.host_keys)
        file = known_hosts(asked.known_hosts)
        return rejection(device, options.host, options.port, host_key(bad.key), file)
    if _first(error, (NetmikoAuthenticationException, AuthenticationException, ConnectAuthError)):
        return login_refused(device, where, options)
    if options.credentials.enable_secret and _first(error, (ValueError, ReadException)):
        return AuthenticationFailed(device, f"{where}: the device refused the enable secret")
    return Unreachable(device, f"{where}: {_words(_first(error, OSError) or error)}")


def login_refused(device: str, where: str, options: ConnectionOptions) -> AuthenticationFailed:
    """What to raise for credentials that the device does not take."""
    user = options.credentials.username or "nobody (no username is set)"
    return AuthenticationFailed(device, f"{where} refused user {user}; check username and password or key")


def command_failure(
    device: str, where: str, options: ConnectionOptions, what: str, error: Exception, broken: bool
) -> DeviceError:
    """What to raise for an exception out of an operation; `broken` says that the connection is gone."""
    if _first(error, (ReadTimeout, CommandTimeoutException, TimeoutError)) or _named(error, "RpcTimeoutError"):
        return OperationTimedOut(device, f"no prompt within {options.command_timeout_s:g} s after {what!r} on {where}")
    if broken or _first(error, (OSError, EOFError, HTTPException, ConnectionClosedException)):
        return SessionLost(device, f"{what!r} on {where}: {_words(error)}")
    return ParseFailed(device, what, f"{where}: {type(error).__name__}: {_words(error)}")


def _first(error: BaseException, kinds: type[E] | tuple[type[E], ...]) -> E | None:
    return next((one for one in chain(error) if isinstance(one, kinds)), None)


def _named(error: BaseException, name: str) -> bool:
    """Whether an exception of this name is in it; junos-eznc's are not imported for the other drivers."""
    return any(type(one).__name__ == name for one in chain(error))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it was raised over."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: BaseException) -> str:
    """The first line of a library's message: netmiko's go on with generic advice."""
    lines = [line.strip(" *") for line in str(error).splitlines() if line.strip(" *")]
    return lines[0] if lines else type(error).__name__
