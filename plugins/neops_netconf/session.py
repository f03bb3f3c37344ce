"""The steps of a change over NETCONF (RFC 6241 §8.3 and §8.4, and the sequence of its appendix E.1).

Locks are held from before the edit until the commit, and taken again for its confirmation. Nobody's but ours are ever
ended. The server releases those of a session that is gone, and with the lock it drops what was not committed.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Final

from neops.concurrency import in_thread
from neops.devices import ChangeMode, ConfirmStrength, ConnectionOptions
from neops.devices.changes import ChangePlan, ConfigSession, StagedChange
from neops.entities import Device
from neops.errors import ChangeFailed, CommandRejected, ConfigLocked, ConfigRejected, DeviceError, SessionLost
from neops_netconf import messages
from neops_netconf.differences import Node, applied, difference
from neops_netconf.failures import RpcRejected
from neops_netconf.messages import Element, Malformed, operation
from neops_netconf.talk import NetconfTalk

logger = logging.getLogger(__name__)

LOCK_TRIES: Final = 10
LOCK_AGAIN_S: Final = 0.2
"""A server that has read the end of a session needs moments to free its locks."""


@dataclass(frozen=True, kw_only=True)
class StagedOverNetconf(StagedChange):
    """`session_id` is the session that locked and edited."""

    session_id: str


class NetconfSession(NetconfTalk, ConfigSession):
    """A session that reads, and changes configurations."""

    def __init__(self, *, device: Device, options: ConnectionOptions) -> None:
        super().__init__(device=device, options=options)
        self._options = options
        self._locked: list[str] = []
        self._awaits_confirmation = False

    async def reset(self) -> None:
        await self._release()

    async def prepare_change(self, plan: ChangePlan) -> StagedChange:
        try:
            config = await in_thread(partial(messages.config_of, plan.config))
        except Malformed as error:
            raise ConfigRejected(self.device.name, plan.config.strip().partition("\n")[0], str(error)) from error
        try:
            await self._lock(undoes=plan.undoes)
            before = await self._datastore("running")
            edit = config
            if plan.mode == "replace":
                edit = await in_thread(partial(messages.replacing, config, before, self.server))
            after = await self._tried(edit, plan.mode)
            return await in_thread(partial(self._staged, plan, edit, before, after))
        except RpcRejected as error:
            await self._release()
            raise error.as_change() from error
        except Exception:
            await self._release()
            raise

    async def commit_change(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        if self._target not in self._locked:
            raise SessionLost(self.device.name, "the session with the lock is gone")
        try:
            strength = await self._commit(staged, confirm_within)
        except RpcRejected as error:
            raise error.as_change() from error
        if confirm_within is None:
            await self._keep(staged.plan)
        await self._release()  # yuma123 2.13 takes nothing back while running is locked
        return strength

    async def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> None:
        if strength is ConfirmStrength.NATIVE:
            await self._confirm(staged)
        await self._keep(staged.plan)
        await self._release()

    async def revert_change(self, staged: StagedChange) -> None:
        if self._persists:
            with suppress(RpcRejected):  # nothing waits: what runs is read afterwards
                await self._act(operation("cancel-commit", persist_id=staged.plan.name))
        with suppress(RpcRejected):  # a session of ours that the server still keeps ends here; others stay
            await self._lock_again(staged)
        await self._release()
        if self._awaits_confirmation:
            await self.close()  # RFC 4741 §8.4: without persist, the end of the session takes the commit back

    async def discard_change(self, plan: ChangePlan) -> None:  # noqa: ARG002  # a server has one candidate
        await self._release()

    async def _act(self, asked: Element) -> None:
        """Have done what may take a device long."""
        await self.request(asked, within_s=self._options.commit_timeout_s)

    @property
    def _has_candidate(self) -> bool:
        return self.server.has("candidate")

    @property
    def _target(self) -> str:
        return "candidate" if self._has_candidate else "running"

    @property
    def _confirms(self) -> bool:
        return self._has_candidate and self.server.has("confirmed-commit")

    @property
    def _persists(self) -> bool:
        return self._confirms and self.server.has("confirmed-commit", "1.1")

    async def _lock(self, *, undoes: bool) -> None:
        """Lock the target of the edit, and running, which also shows that no commit waits to be confirmed (§7.5).

        Servers with a candidate need not have a lock of running.
        """
        for name in dict.fromkeys(("running", self._target)):
            if name in self._locked:
                continue
            try:
                await self.request(operation("lock", operation("target", name)))
            except RpcRejected as error:
                if name == self._target or (error.locked and not undoes):
                    raise
            else:
                self._locked.append(name)

    async def _lock_again(self, staged: StagedChange) -> None:
        """The same on a new session, while the server may not have noticed yet that our last one is gone."""
        for _ in range(LOCK_TRIES):
            try:
                return await self._lock(undoes=True)
            except RpcRejected as error:
                if not isinstance(staged, StagedOverNetconf) or staged.session_id not in error.session_ids:
                    raise
            with suppress(RpcRejected):  # it has ended by itself
                await self.request(operation("kill-session", session_id=staged.session_id))
            await asyncio.sleep(LOCK_AGAIN_S)
        return await self._lock(undoes=True)

    async def _release(self) -> None:
        """Drop what is not committed and end our locks; where that fails, end the session, and the server does."""
        locked, self._locked = self._locked, []
        try:
            if "candidate" in locked:
                await self.request(operation("discard-changes"))
            for name in reversed(locked):
                await self.request(operation("unlock", operation("target", name)))
        except DeviceError as error:
            problem = {"device": self.device.name, "problem": error.message}
            logger.warning("a NETCONF lock ends with its session", extra=problem)
            self._login.drop()

    async def _tried(self, edit: Element, mode: ChangeMode) -> Element | None:
        """Let the server judge an edit; where there is a candidate, what that then holds."""
        if not self._has_candidate:
            if self.server.has("validate", "1.1"):
                await self._edit(edit, mode, target="running", test_option="test-only")
            return None
        await self.request(operation("discard-changes"))
        await self._edit(edit, mode, target="candidate")
        if self.server.has("validate"):
            await self._act(operation("validate", operation("source", "candidate")))
            if self.server.forgets_when_validating:
                await self.request(operation("discard-changes"))
                await self._edit(edit, mode, target="candidate")
        return await self._datastore("candidate")

    async def _edit(self, edit: Element, mode: ChangeMode, *, target: str, **leaves: str) -> None:
        """edit-config; the elements are in the order of its schema (RFC 6241 appendix C)."""
        leaves = {"default_operation": mode, **leaves}
        if target == "running" and self.server.has("rollback-on-error"):
            leaves["error_option"] = "rollback-on-error"
        asked = operation("edit-config", operation("target", target), **leaves)
        asked.append(await in_thread(partial(deepcopy, edit)))
        await self._act(asked)

    def _staged(self, plan: ChangePlan, edit: Element, before: Element, after: Element | None) -> StagedChange:
        old = Node.of(before)
        new = applied(old, Node.of(edit), plan.mode) if after is None else Node.of(after)
        return StagedOverNetconf(
            plan=plan,
            diff=difference(old, new),
            before=messages.printed(before),
            lines=() if self._has_candidate else (messages.printed(edit),),
            atomic=self._has_candidate or self.server.has("rollback-on-error"),
            reached=lambda running: Node.of(messages.parse(running)).digest == new.digest,
            confirms=ConfirmStrength.NATIVE if self._confirms else ConfirmStrength.SESSION,
            tied=self._confirms and not self._persists,
            session_id=self.server.session_id,
        )

    async def _commit(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        if not self._has_candidate:
            edit = await in_thread(partial(messages.config_of, staged.lines[0]))
            await self._edit(edit, staged.plan.mode, target="running")
        elif confirm_within is None or not self._confirms:
            await self._act(operation("commit"))
        else:
            leaves = {"confirm_timeout": str(max(1, math.ceil(confirm_within)))}
            if self._persists:
                leaves["persist"] = staged.plan.name
            self._awaits_confirmation = not self._persists
            await self._act(operation("commit", "confirmed", **leaves))
            return ConfirmStrength.NATIVE
        return ConfirmStrength.NONE if confirm_within is None else ConfirmStrength.SESSION

    async def _confirm(self, staged: StagedChange) -> None:
        """Send the confirming commit."""
        if self._persists:
            await self._only_ours(staged)
            await self._act(operation("commit", persist_id=staged.plan.name))
            return
        if not self._awaits_confirmation:
            gone = "the session that committed is gone, and with it its commit (RFC 4741 §8.4)"
            raise CommandRejected(self.device.name, "commit", gone)
        await self._try_a_login()
        await self._act(operation("commit"))
        self._awaits_confirmation = False

    async def _only_ours(self, staged: StagedChange) -> None:
        """See to it that the candidate holds nothing: a confirming commit commits that too (RFC 6241 §8.4.1).

        Raises:
            ConfigLocked: it holds what somebody else has not committed yet.
        """
        try:
            await self._lock_again(staged)
        except RpcRejected as error:  # some servers lock nothing while a commit waits: then we can only look
            stores = [await self._datastore(name) for name in ("candidate", "running")]
            theirs, ours = [await in_thread(partial(Node.of, store)) for store in stores]
            if theirs.digest != ours.digest:
                problem = "confirming would also commit what somebody else has put into the candidate"
                raise ConfigLocked(self.device.name, problem) from error

    async def _try_a_login(self) -> None:
        """The confirmation has to come from this session, which may outlive the way to the device: look at that."""
        another = NetconfTalk(device=self.device, options=self._options)
        await another.open()
        await another.close()

    async def _keep(self, plan: ChangePlan) -> None:
        """Keep what runs over a reboot, where the server has a startup configuration of its own."""
        if not self.server.has("startup"):
            return
        try:
            await self._act(operation("copy-config", operation("target", "startup"), operation("source", "running")))
        except RpcRejected as error:
            if not plan.undoes:
                raise ChangeFailed(self.device.name, f"the change runs but cannot be saved: {error.output}") from error
            logger.warning("a change that was taken back is not saved", extra={"device": self.device.name})
