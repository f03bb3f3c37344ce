"""Changes of configuration by the drivers' own means: load, compare, commit with a time to confirm, roll back."""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from napalm.base.exceptions import (
    CommitConfirmException,
    CommitError,
    LockError,
    MergeConfigException,
    ReplaceConfigException,
    SessionLockedException,
)

from neops.devices.changes import ChangePlan, ConfigSession, StagedChange
from neops.devices.config_change import ConfirmStrength
from neops.errors import CommandRejected, ConfigLocked, ConfigRejected, SessionLost
from neops_napalm import results
from neops_napalm.session import NapalmSession

R = TypeVar("R")


class ChangesByDriver(NapalmSession, ConfigSession):
    """The steps of a change through a driver whose commit can be confirmed (`revert_in` of commit_config)."""

    counts_s: ClassVar[int]
    """Times to confirm are multiples of this."""
    strength: ClassVar[ConfirmStrength] = ConfirmStrength.NATIVE
    """Who takes back a commit that is not confirmed."""
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    """What a commit that the device refuses raises, besides NAPALM's own exceptions."""
    _staged_here = False

    async def prepare_change(self, plan: ChangePlan) -> StagedChange:
        return await self._call("prepare a change", lambda driver: self._prepare(driver, plan))

    async def commit_change(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        del staged
        if not self._staged_here:
            raise SessionLost(self.device.name, "the session with the candidate is gone")
        seconds = None if confirm_within is None else math.ceil(confirm_within / self.counts_s) * self.counts_s
        return await self._act("commit", lambda driver: self._commit(driver, seconds))

    async def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> None:
        await self._act("confirm", lambda driver: self._confirm(driver, staged.plan, strength))

    async def revert_change(self, staged: StagedChange) -> None:
        await self._act("roll back", lambda driver: self._revert(driver, staged.plan))

    async def discard_change(self, plan: ChangePlan) -> None:
        await self._call("discard", lambda driver: self._discard(driver, plan))

    async def _act(self, what: str, act: Callable[[Any], R]) -> R:
        """Call what may take a device long: until it is done, the time limit of the driver's library is longer."""

        def patiently(driver: Any) -> R:
            holder, name = self._time_limit(driver)
            usual_s = getattr(holder, name)
            setattr(holder, name, max(usual_s, self._options.commit_timeout_s))
            try:
                return act(driver)
            finally:
                setattr(holder, name, usual_s)

        return await self._call(what, patiently)

    @abstractmethod
    def _time_limit(self, driver: Any) -> tuple[Any, str]:
        """Where the driver's library keeps the time limit of one request: an object, and its attribute."""

    def _prepare(self, driver: Any, plan: ChangePlan) -> StagedChange:
        if not plan.undoes:
            if driver.has_pending_commit():
                raise ConfigLocked(
                    self.device.name, "a commit waits to be confirmed, or to be taken back by the device"
                )
            self._clear(driver)
        before = results.configs(self.platform, driver.get_config(retrieve="running")).running
        load = driver.load_merge_candidate if plan.mode == "merge" else driver.load_replace_candidate
        self._claim(driver, plan)
        with self._refusals(plan.config):
            load(config=self._written(plan))
        self._staged_here = True
        return StagedChange(plan=plan, diff=driver.compare_config(), before=before)

    def _commit(self, driver: Any, seconds: int | None) -> ConfirmStrength:
        with self._refusals("commit"):
            driver.commit_config(revert_in=seconds)
        self._staged_here = False
        return ConfirmStrength.NONE if seconds is None else self.strength

    def _confirm(self, driver: Any, plan: ChangePlan, strength: ConfirmStrength) -> None:
        if strength is self.strength:
            self._claim(driver, plan)
            try:
                driver.confirm_commit()
            except (CommitError, CommitConfirmException) as error:
                raise CommandRejected(self.device.name, "confirm", str(error)) from error
        self._save(driver)

    def _revert(self, driver: Any, plan: ChangePlan) -> None:
        if driver.has_pending_commit():
            self._claim(driver, plan)
            driver.rollback()

    def _written(self, plan: ChangePlan) -> str:
        """The configuration as the driver is given it."""
        return plan.config

    @abstractmethod
    def _discard(self, driver: Any, plan: ChangePlan) -> None:
        """Drop the candidate and the lock of this plan, if there are any."""

    def _clear(self, driver: Any) -> None:
        """Drop what earlier changes of ours left behind."""

    def _claim(self, driver: Any, plan: ChangePlan) -> None:
        """Tell the driver which candidate is meant, where they have names."""

    def _save(self, driver: Any) -> None:
        """Keep what runs over a reboot, where that is not so by itself."""

    @contextmanager
    def _refusals(self, config: str) -> Iterator[None]:
        """The driver's exceptions of loading and committing as ours."""
        name = self.device.name
        try:
            yield
        except (LockError, SessionLockedException, CommitError) as error:
            raise ConfigLocked(name, str(error)) from error
        except (MergeConfigException, ReplaceConfigException, *self.refusals) as error:
            raise ConfigRejected(name, refused_line(error, config), _answer(error)) from error


def refused_line(error: Exception, config: str) -> str:
    """The line of a configuration that a driver's exception is about; all of it, shortened, where it does not tell."""
    text = str(error)
    if quoted := re.search(r"CLI command \d+ of \d+ '(.+?)' failed", text):
        return quoted[1]
    if marked := re.search(r"^(.+)\n\s*\^\s*\n% Invalid", text, re.MULTILINE):
        return marked[1]
    bad = re.search(r"'bad_element': '([^']+)'", text)
    lines = [line for line in config.splitlines() if line.strip()]
    found = next((line for line in lines if bad and bad[1] in line.split()), None)
    return found or (lines[0] if len(lines) == 1 else "?")


def _answer(error: Exception) -> str:
    """What the device said."""
    text = str(error)
    if message := re.search(r"'message': '([^']+)'", text):
        return message[1]
    if errors := re.search(r"\[errors: \[(.*)\]\]", text):
        return errors[1]
    return text
