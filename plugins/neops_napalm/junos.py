"""A login through NAPALM's junos driver: NETCONF over SSH. Importing this module imports junos-eznc."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from jnpr.junos.exception import CommitError, ConnectAuthError, RpcError

from neops.devices.changes import ChangePlan
from neops.devices.config_change import ConfirmStrength
from neops.devices.host_keys import check_host_key
from neops_napalm.changes import ChangesByDriver


class JunosSession(ChangesByDriver):
    """One NETCONF session; changes are made in the candidate under its lock, which both go with the session."""

    counts_s = 60
    refusals = (CommitError,)

    def _over_netmiko(self, asked: Mapping[str, Any]) -> bool:
        del asked
        return False

    def _take_over(self, driver: Any, asked: Mapping[str, Any], cleanup: ExitStack) -> None:
        options = self._options
        if options.host_keys.policy != "off":
            check_host_key(self.device.name, options.host, options.port, self._fetch_host_key(), options.host_keys)
        known_hosts = self._known_hosts(cleanup, options.host_keys)
        agent = not (driver.password or asked.get("key_file"))
        use_our_socket(driver, self._connected_socket(), known_hosts, agent=agent)

    def _refuses_login(self, error: BaseException) -> bool:
        return isinstance(error, ConnectAuthError)

    def _said(self, driver: Any, command: str) -> str:
        try:
            return super()._said(driver, command)
        except RpcError as refused:
            if refused.rsp is None:
                raise
            return str(refused.message)

    def _time_limit(self, driver: Any) -> tuple[Any, str]:
        return driver.device, "timeout"

    def _confirm(self, driver: Any, plan: ChangePlan, strength: ConfirmStrength) -> None:
        with self._locked(driver):
            super()._confirm(driver, plan, strength)

    def _revert(self, driver: Any, plan: ChangePlan) -> None:
        with self._locked(driver):
            super()._revert(driver, plan)

    @contextmanager
    def _locked(self, driver: Any) -> Iterator[None]:
        """The lock of the candidate: without it NAPALM 5 would commit what others have put there meanwhile."""
        with self._refusals("commit"):
            driver._lock()
        try:
            yield
        finally:
            driver._unlock()

    def _discard(self, driver: Any, plan: ChangePlan) -> None:
        del plan
        if driver.locked:
            driver.discard_config()
        self._staged_here = False


def use_our_socket(driver: Any, connected: socket.socket, known_hosts: Path | None, *, agent: bool) -> None:
    """Let the driver speak over this socket; without `known_hosts` it takes any host key.

    ncclient is told known hosts by a file ssh_config, put beside it; `agent`: keys of the SSH agent are tried. NAPALM 5
    hands none of that on to junos-eznc 2.8, which keeps it in these attributes.
    """
    device, config = driver.device, None
    if known_hosts is not None:
        config = known_hosts.with_name("ssh_config")
        config.write_text(f"Host *\n  UserKnownHostsFile {known_hosts}\n", encoding="utf-8")
    device._sock_fd = connected.fileno()
    device._hostkey_verify = config is not None
    device._look_for_keys, device._allow_agent = False, agent
    device._sshconf_lkup = lambda: None if config is None else str(config)
