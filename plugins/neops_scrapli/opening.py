"""Opens scrapli's driver on a connection that we make. Importing this module imports scrapli and asyncssh."""

from __future__ import annotations

from typing import Any

from scrapli.driver import AsyncGenericDriver
from scrapli.transport.plugins.asyncssh.transport import AsyncsshTransport

from neops.devices.connecting import connect

METHODS = ("publickey", "keyboard-interactive", "password")
"""What scrapli 2025.1.30 prefers, where nobody asks for something else."""


async def open_with_asyncssh(driver: AsyncGenericDriver, transport: AsyncsshTransport) -> None:
    """What `driver.open()` does, without its two tasks and its thread for each login."""
    base, plugin = transport._base_transport_args, transport.plugin_transport_args
    arguments: dict[str, Any] = {
        "username": plugin.auth_username,
        "password": plugin.auth_password,
        "client_keys": plugin.auth_private_key,
        "preferred_auth": METHODS,
        "agent_path": None,
        "config": plugin.ssh_config_file,
        **base.transport_options.get("asyncssh", {}),
    }
    transport.session = await connect(base.host, base.port, arguments)
    transport.stdin, transport.stdout, _ = await transport.session.open_session(term_type="xterm", encoding=None)
    driver.channel.open()
    if driver.on_open is not None:
        await driver.on_open(driver)
