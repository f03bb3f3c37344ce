"""Devices that answer what was recorded, behind the real device runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import ValidationError

from neops.devices.capabilities import CAPABILITIES
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.devices.detection import GreetsAtLogin
from neops.devices.every_platform import EveryPlatform
from neops.devices.plugin import ConnectionOptions, Session
from neops.devices.transcript.calls import answer_of, arguments_of, declaration, with_verdicts
from neops.devices.transcript.errors import TranscriptInvalid, TranscriptMismatch
from neops.devices.transcript.failures import error_of
from neops.devices.transcript.files import Transcript
from neops.devices.transcript.lines import CallLine, LoginLine
from neops.devices.transcript.retelling import RetoldSession, retold_class
from neops.devices.transcript.script import INCOMPLETE, DeviceScript, Order, script_of
from neops.entities import Device
from neops.errors import SessionLost

Level = Literal["operations", "commands"]
"""`operations`: answers are those that were recorded. `commands`: only the text that devices printed is, and neops'
own parsers and procedures run again over it, where it was them that ran."""


class ReplayPlugin:
    """A connection plugin whose devices answer as in a transcript, to the same calls and no others.

    ```python
    with ReplayPlugin(Path("r1.jsonl.zst")) as replay, ReplayRuntime(replay) as runtime:
        ...
    ```

    At the end of the block everything recorded must have been asked for. `speed` makes answers take as long as they
    took, divided by it; without it they come at once. `capabilities` are those of yours that were recorded: a
    transcript names them, and only neops' own are known by name.

    Raises:
        TranscriptInvalid: the file cannot be read.
    """

    name = "replay"
    extra = "all"
    modules: tuple[str, ...] = ()
    priority = 1000
    platforms: Mapping[str, str] = EveryPlatform()

    def __init__(
        self,
        transcript: Transcript | Path,
        *,
        order: Order = "strict",
        level: Level = "operations",
        speed: float | None = None,
        capabilities: Iterable[type] = (),
    ) -> None:
        self.transcript = Transcript.read(transcript) if isinstance(transcript, Path) else transcript
        self.level, self.speed = level, speed
        self.known = (*capabilities, *CAPABILITIES, GreetsAtLogin)
        self.mismatches: list[TranscriptMismatch] = []
        scripts = script_of(self.transcript.events, order, complete=self.transcript.complete)
        self._scripts = {script.device: script for script in scripts}

    def capabilities(self, platform: str) -> frozenset[type]:
        """What the recorded plugins could do on the platform; on one that was not recorded, everything."""
        recorded = [set(line.capabilities) for line in self.transcript.devices if line.platform == platform]
        names = set().union(*recorded)
        return frozenset(one for one in self.known if not recorded or one.__name__ in names)

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        return ReplaySession(self, device, options.platform)

    def script(self, device: str) -> DeviceScript:
        """What was recorded of a device."""
        with self.noticing():
            if device not in self._scripts:
                there = ", ".join(self._scripts) or "no device"
                end = "" if self.transcript.complete else f"; {INCOMPLETE}"
                raise TranscriptMismatch(device, f"is not in the transcript, which has {there}{end}")
            return self._scripts[device]

    @contextmanager
    def noticing(self) -> Iterator[None]:
        """Remember a mismatch, so that a block which swallows it makes no test pass."""
        try:
            yield
        except TranscriptMismatch as problem:
            if problem not in self.mismatches:
                self.mismatches.append(problem)
            raise

    def unused(self) -> Mapping[str, Sequence[str]]:
        """What was recorded of each device and not asked for, as text."""
        return {device: left for device, script in self._scripts.items() if (left := script.unused())}

    def assert_all_used(self) -> None:
        """See whether everything recorded was asked for, and nothing else.

        Raises:
            TranscriptMismatch: with the first difference, or with what is left.
        """
        if self.mismatches:
            raise self.mismatches[0]
        if unused := self.unused():
            left = [f"{device}: {text}" for device, texts in unused.items() for text in texts]
            raise TranscriptMismatch(
                next(iter(unused)), "\n  ".join(["not all that was recorded was asked for", *left])
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.assert_all_used()


class ReplaySession(Session):
    """One login on a recorded device."""

    asks_before_login = True  # there is no account that could be locked

    def __init__(self, replay: ReplayPlugin, device: Device, platform: str) -> None:
        self.device = device
        self._replay, self._platform = replay, platform
        self._retold: RetoldSession | None = None
        self._aborted = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def open(self) -> None:
        login = self._replay.script(self.device.name).login()
        if login is not None:
            await self._told(login)

    async def close(self) -> None:
        return None

    def abort(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._aborted.set)

    async def alive(self) -> bool:
        return not self._aborted.is_set()

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        declared = None if method.startswith("_") else declaration(method, self._replay.known)
        if declared is None:
            raise AttributeError(method)
        return partial(self._call, method, declared)

    async def _call(self, method: str, declared: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        with self._replay.noticing():
            call = self._replay.script(self.device.name).take(method, arguments_of(declared, args, kwargs))
            if isinstance(call, CallLine) and self._reruns(call):
                await self._wait(call.took_s)
                return self._with_verdicts(await self._retelling().rerun(call, args, kwargs))
        await self._told(call)
        plan = next((value for value in args if isinstance(value, ChangePlan)), None)
        return self._with_verdicts(self._answer(call, declared, plan))

    def _reruns(self, call: CallLine) -> bool:
        """Whether neops' own code runs again: it did when this was recorded, and still knows how."""
        return self._replay.level == "commands" and call.rerun and hasattr(self._retelling(), call.method)

    def _retelling(self) -> RetoldSession:
        """One for the whole session: what a change has begun, its later steps go on with."""
        if self._retold is None:
            self._retold = retold_class(self._platform)(device=self.device, platform=self._platform)
        return self._retold

    async def _told(self, event: CallLine | LoginLine) -> None:
        """The time that it took, and its error where there was one."""
        await self._wait(event.took_s)
        if event.error is not None:
            raise error_of(event.error)

    def _answer(self, call: CallLine | LoginLine, declared: Callable[..., Any], plan: ChangePlan | None) -> Any:
        if isinstance(call, LoginLine):
            return None
        try:
            return answer_of(declared, call.result, plan)
        except (ValidationError, TypeError, ValueError) as error:
            problem = f"{self.device.name}: the recorded answer of {call.method} has another form: {error}"
            raise TranscriptInvalid(problem) from error

    def _with_verdicts(self, answer: Any) -> Any:
        if not isinstance(answer, StagedChange):
            return answer

        def recorded(name: str, *_configs: str) -> bool:
            with self._replay.noticing():
                event = self._replay.script(self.device.name).take(name, {})
            return isinstance(event, CallLine) and event.result is True

        return with_verdicts(answer, lambda name, _: partial(recorded, name))

    async def _wait(self, seconds: float) -> None:
        if not self._replay.speed or seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._aborted.wait(), seconds / self._replay.speed)
        except TimeoutError:
            return
        raise SessionLost(self.device.name, "the session was aborted")
