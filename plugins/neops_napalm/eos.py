"""A login through NAPALM's eos driver: eAPI. Importing this module imports pyeapi."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, Final

from napalm.base.exceptions import CommandErrorException
from pyeapi.eapilib import CommandError
from pyeapi.eapilib import ConnectionError as EapiConnectionError

from neops.devices import Facts
from neops.devices.changes import CANDIDATE_PREFIX, ChangePlan
from neops.devices.changes.texts import Text, folded
from neops.devices.config_change import ConfirmStrength
from neops.errors import CommandRejected, ConfigRejected, ConnectFailed, SessionLost
from neops_napalm.changes import ChangesByDriver
from neops_napalm.session import NapalmTablesSession

SAVE: Final = "write memory"


class EosSession(NapalmTablesSession, ChangesByDriver):
    """Each request is an HTTP connection of its own; changes are made in a configuration session under our name."""

    counts_s = 1
    refusals = (CommandError,)

    def abort(self) -> None:
        super().abort()
        with suppress(AttributeError, OSError):  # there is no request under way
            self._driver.device.connection.transport.sock.shutdown(socket.SHUT_RDWR)  # TLS has wrapped ours

    def _over_netmiko(self, asked: Mapping[str, Any]) -> bool:
        if asked.get("transport") == "ssh":
            said = "NAPALM does not notice refused lines over SSH; take its eAPI, or the plugin scrapli"
            raise ConnectFailed(self.device.name, f"{self._where}: {said}")
        return False

    def _optional_args(self, cleanup: ExitStack, asked: dict[str, Any]) -> dict[str, Any]:
        secret = self._options.credentials.enable_secret
        own = {"force_no_enable": False, **({"enable_password": secret.reveal()} if secret else {})}
        return super()._optional_args(cleanup, {**own, **asked})  # `enable` needs no secret where none is configured

    def _take_over(self, driver: Any, asked: Mapping[str, Any], cleanup: ExitStack) -> None:
        del cleanup, asked
        logging.getLogger("pyeapi.eapilib").addFilter(_is_no_traceback)
        use_our_sockets(driver, self._connected_socket)
        driver._run_commands = partial(_with_texts, driver._run_commands)

    def _refuses_login(self, error: BaseException) -> bool:
        return isinstance(error, EapiConnectionError) and error.message.startswith("Unauthorized")

    def _said(self, driver: Any, command: str) -> str:
        try:
            return super()._said(driver, command)
        except CommandErrorException as error:
            if not isinstance(refused := error.__context__, CommandError):
                raise
            answer = (refused.output or [{}])[-1].get("errors", [str(refused)])
            text = "\n".join(answer)
            return text if text.startswith("%") else f"% {text}"

    async def get_facts(self) -> Facts:
        """NAPALM 5 gives the internal version, `4.31.2F-34554157.4312F`; the other plugins give the one before it."""
        facts = await super().get_facts()
        return facts.model_copy(update={"os_version": facts.os_version.partition("-")[0]})

    def _time_limit(self, driver: Any) -> tuple[Any, str]:
        return driver.device.connection.transport, "timeout"

    def _claim(self, driver: Any, plan: ChangePlan) -> None:
        driver.config_session = plan.name

    def _written(self, plan: ChangePlan) -> str:
        """Banners in one line each: NAPALM 5 strips lines and leaves remarks out, in banners as well."""
        return folded(plan.config)

    def _clear(self, driver: Any) -> None:
        for name in _sessions(driver, "pending"):
            if name.startswith(CANDIDATE_PREFIX):
                _run(driver, f"configure session {name} abort")

    def _commit(self, driver: Any, seconds: int | None) -> ConfirmStrength:
        name = driver.config_session
        try:
            strength = super()._commit(driver, seconds)
        except ConfigRejected as error:
            if name not in _sessions(driver, "pending"):  # whatever came of it has to be read from the device
                raise SessionLost(self.device.name, f"the candidate {name} is gone: {error.answer}") from error
            raise
        driver.config_session = None  # NAPALM 5 aborts the session that it knows, also a committed one, when it closes
        return strength

    def _revert(self, driver: Any, plan: ChangePlan) -> None:
        if plan.name in _sessions(driver, "pendingCommitTimer"):
            _run(driver, f"configure session {plan.name} abort")  # NAPALM's rollback saves, too

    def _discard(self, driver: Any, plan: ChangePlan) -> None:
        driver.config_session = None
        if plan.name in _sessions(driver, "pending"):
            _run(driver, f"configure session {plan.name} abort")
        self._staged_here = False

    def _save(self, driver: Any) -> None:
        try:
            _run(driver, SAVE)
        except CommandError as error:
            raise CommandRejected(self.device.name, SAVE, str(error)) from error


def _is_no_traceback(record: logging.LogRecord) -> bool:
    """pyeapi 1.0 logs every exception that it raises with its traceback; what becomes of it is ours to say."""
    return record.exc_info is None


def use_our_sockets(driver: Any, connect: Callable[[int], socket.socket]) -> None:
    """Let the driver make its HTTP connections with `connect(port)`; pyeapi 1.0 has no argument for that."""
    transport = driver.transport_class

    def made(**arguments: Any) -> Any:
        connection = transport(**arguments)
        connection.transport._create_connection = connected
        return connection

    def connected(address: tuple[str, int], timeout_s: float, *_: object) -> socket.socket:
        made = connect(address[1])
        made.settimeout(timeout_s)
        return made

    driver.transport_class = made


def _with_texts(run: Callable[..., Any], commands: Sequence[str | dict[str, str]], **options: Any) -> Any:
    """Run commands, a folded banner as what eAPI takes: a command and its input."""
    texts = ((command, Text.of(command) if isinstance(command, str) else None) for command in commands)
    return run([{"cmd": text.head, "input": text.body} if text else command for command, text in texts], **options)


def _sessions(driver: Any, state: str) -> list[str]:
    """Names of the configuration sessions in this state: pending, or pendingCommitTimer until they are confirmed."""
    sessions: dict[str, dict[str, str]] = driver._run_commands(["show configuration sessions"])[0]["sessions"]
    return [name for name, session in sessions.items() if session["state"] == state]


def _run(driver: Any, command: str) -> None:
    driver._run_commands([command], encoding="text")
