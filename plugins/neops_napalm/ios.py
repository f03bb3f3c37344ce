"""A login through NAPALM's ios driver: SSH by way of netmiko, candidates as files on the device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from napalm.base.exceptions import CommitConfirmException
from scp import SCPClient, SCPException

from neops.devices.changes import CANDIDATE_PREFIX, ChangePlan, StagedChange
from neops.devices.changes.computing import merged, replaced
from neops.devices.changes.platforms import CISCO_IOS
from neops.devices.changes.texts import for_file
from neops.devices.config_change import ConfirmStrength
from neops.errors import ChangeFailed
from neops_napalm.changes import ChangesByDriver
from neops_napalm.session import NapalmBgpSession

ASKS_OR_PROMPTS = r"(?:\]\?|\[confirm\]|[>#])\s*$"
QUESTIONS = 5
"""Most questions that one command is answered."""


class IosSession(NapalmBgpSession, ChangesByDriver):
    """Lines take effect one by one; when one is refused, NAPALM brings the old configuration back from a file.

    Files under names of ours are on the device until a change is over.
    """

    counts_s = 60
    strength = ConfirmStrength.DEVICE_TIMER

    def _time_limit(self, driver: Any) -> tuple[Any, str]:
        return driver.device, "read_timeout_override"

    def _prepare(self, driver: Any, plan: ChangePlan) -> StagedChange:
        _type_answers(driver)
        driver._scp_file = partial(self._put, driver)
        staged = super()._prepare(driver, plan)
        compute = merged if plan.mode == "merge" else replaced
        computed = compute(staged.before, plan.config, dialect="CISCO_IOS")
        return StagedChange(
            plan=plan,
            diff=staged.diff or computed.diff,  # IOS passes over lines that it does not know: the commit tells
            before=staged.before,
            atomic=False,
            reached=computed.reached,
            confirms=self.strength,
        )

    def _commit(self, driver: Any, seconds: int | None) -> ConfirmStrength:
        try:
            strength = self._committed(driver, seconds)
        except Exception:
            self._clear(driver)
            raise
        if strength is ConfirmStrength.NONE:
            self._save(driver)
        return strength

    def _committed(self, driver: Any, seconds: int | None) -> ConfirmStrength:
        with _not_saving(driver):
            try:
                return super()._commit(driver, seconds)
            except CommitConfirmException:  # the device has no `archive`
                super()._commit(driver, None)
                return ConfirmStrength.SESSION

    def _confirm(self, driver: Any, plan: ChangePlan, strength: ConfirmStrength) -> None:
        with _not_saving(driver):
            super()._confirm(driver, plan, strength)
        self._save(driver)

    def _revert(self, driver: Any, plan: ChangePlan) -> None:
        _type_answers(driver)
        with _not_saving(driver):
            super()._revert(driver, plan)
        self._clear(driver)

    def _discard(self, driver: Any, plan: ChangePlan) -> None:
        del plan
        self._clear(driver)
        self._staged_here = False

    def _written(self, plan: ChangePlan) -> str:
        """IOS compares a file to the configuration only if it ends so (NAPALM 5: "the obscure 'error 5'")."""
        return f"{for_file(plan.config).rstrip()}\nend\n"

    def _claim(self, driver: Any, plan: ChangePlan) -> None:
        driver.candidate_cfg, driver.merge_cfg = f"{plan.name}-replace.txt", f"{plan.name}-merge.txt"
        driver.rollback_cfg = f"{plan.name}-before.txt"

    def _clear(self, driver: Any) -> None:
        listed: str = driver.device.send_command(f"dir {driver.dest_file_system}")
        for name in re.findall(rf"\s({CANDIDATE_PREFIX}\S+)\s*$", listed, re.MULTILINE):
            driver.device.send_command(f"delete /force {driver.dest_file_system}/{name}")

    def _save(self, driver: Any) -> None:
        self._clear(driver)
        said = _answered(driver, "write memory")
        if CISCO_IOS.wording.refuses("cisco_ios", said):
            raise ChangeFailed(self.device.name, f"the change runs but cannot be saved: {' '.join(said.split())}")

    def _put(self, driver: Any, source_file: str, dest_file: str, file_system: str) -> tuple[bool, str]:
        """Copy a file over this login: netmiko 4.8 would make another one, with the socket that it has been given."""
        try:
            with SCPClient(driver.device.remote_conn_pre.get_transport()) as client:
                client.put(source_file, f"{file_system}/{dest_file}")
        except SCPException as error:
            said = f"the device takes no file ({error}); NAPALM needs `ip scp server enable`"
            raise ChangeFailed(self.device.name, said, "unchanged") from error
        return True, ""


def _type_answers(driver: Any) -> None:
    """Answer what commands ask. NAPALM 5 configures `file prompt quiet` instead, which outlives a broken session."""
    driver.auto_file_prompt, driver.prompt_quiet_configured = False, True
    driver._commit_handler = partial(_answered, driver)
    driver._gen_rollback_cfg = lambda: _answered(
        driver, f"copy running-config {driver._gen_full_path(driver.rollback_cfg)}"
    )


def _answered(driver: Any, command: str) -> str:
    """Carry a command out that may ask for a file name or a confirmation, or change the host name."""
    output: str = driver.device.send_command(command, expect_string=ASKS_OR_PROMPTS)
    for _ in range(QUESTIONS):
        if not re.search(r"(?:\]\?|\[confirm\])\s*$", output):
            break
        answer: str = driver.device.send_command("\n", expect_string=ASKS_OR_PROMPTS, cmd_verify=False)
        output = f"{output}\n{answer}"
    driver.device.set_base_prompt()
    return output


@contextmanager
def _not_saving(driver: Any) -> Iterator[None]:
    """NAPALM saves what it commits, also before it is confirmed; the caller does it in its time."""
    driver.device.save_config = lambda *_, **__: ""
    try:
        yield
    finally:
        del driver.device.save_config
