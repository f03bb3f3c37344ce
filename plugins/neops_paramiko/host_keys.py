"""A device's SSH host key by way of paramiko, without a login."""

from __future__ import annotations

import socket

import paramiko

from neops.devices.host_keys import HostKey


def fetch_host_key(connected: socket.socket, timeout_s: float) -> HostKey:
    """The key that the SSH server behind a connected socket shows; the socket is closed afterwards.

    Raises:
        OSError: the connection broke.
        paramiko.SSHException: it is no SSH server, or it did not answer in time.
    """
    transport = paramiko.Transport(connected)
    try:
        transport.start_client(timeout=timeout_s)
        return host_key(transport.get_remote_server_key())
    finally:
        transport.close()


def host_key(key: paramiko.PKey) -> HostKey:
    """paramiko's key as ours."""
    return HostKey(key.get_name(), key.get_base64())
