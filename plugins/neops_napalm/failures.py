"""The exceptions of NAPALM, netmiko and paramiko as ours. NAPALM raises its own over theirs, so the chain is read."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPException
from typing import TypeVar

from napalm.base.exceptions import CommandTimeoutException, ConnectAuthError, ConnectionClosedException
from netmiko.exceptions import NetmikoAuthenticationException, ReadException, ReadTimeout
from paramiko.ssh_exception import AuthenticationException, BadHostKeyException

from neops.devices import ConnectionOptions
from neops.devices.failures import login_refused, no_prompt, not_reached, secret_refused
from neops.devices.host_keys import known_hosts, rejection
from neops.errors import ConnectFailed, DeviceError, ParseFailed, SessionLost, Unreachable
from neops_paramiko.host_keys import host_key
from neops_paramiko.netmiko import asked_host_keys, first_line

E = TypeVar("E", bound=BaseException)


def opening_failure(device: str, where: str, options: ConnectionOptions, error: Exception) -> ConnectFailed:
    """What to raise for an exception out of `open`: who was tried with what, and what to do next."""
    if bad := _first(error, BadHostKeyException):
        asked = asked_host_keys(options.extras.get("optional_args", {}), options.host_keys)
        file = known_hosts(asked.known_hosts)
        return rejection(device, options.host, options.port, host_key(bad.key), file)
    if _first(error, (NetmikoAuthenticationException, AuthenticationException, ConnectAuthError)):
        return login_refused(device, where, options.credentials.username)
    if options.credentials.enable_secret and _first(error, (ValueError, ReadException)):
        return secret_refused(device, where)
    cause = _first(error, OSError)
    return Unreachable(device, f"{where}: {first_line(error) if cause is None else not_reached(cause)}")


def command_failure(
    device: str, where: str, options: ConnectionOptions, what: str, error: Exception, broken: bool
) -> DeviceError:
    """What to raise for an exception out of an operation; `broken` says that the connection is gone."""
    if _first(error, (ReadTimeout, CommandTimeoutException, TimeoutError)) or _named(error, "RpcTimeoutError"):
        return no_prompt(device, where, what, options.command_timeout_s)
    if broken or _first(error, (OSError, EOFError, HTTPException, ConnectionClosedException)):
        return SessionLost(device, f"{what!r} on {where}: {first_line(error)}")
    return ParseFailed(device, what, f"{where}: {type(error).__name__}: {first_line(error)}")


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
