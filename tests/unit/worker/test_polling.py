from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from neops.protocol import Extension, JobPoll
from neops.settings import WorkerSettings
from neops.worker import Backoff, EngineRefused, EngineUnavailable
from neops.worker.client import Polled
from neops.worker.membership import Membership
from neops.worker.polling import Poller

NOTHING = Polled(jobs=(), answered_at=datetime(2026, 1, 1, tzinfo=UTC))
HOLDS = frozenset({Extension.HELD_POLL})


class Engine:
    """Answers polls after so many seconds, one after the other, and then never again."""

    def __init__(self, answers: Sequence[tuple[float, Polled | Exception]]) -> None:
        self.answers, self.now, self.asked = list(answers), 0.0, 0

    async def poll(self, poll: JobPoll) -> Polled:
        self.asked += 1
        if not self.answers:
            await asyncio.Event().wait()
        took_s, answer = self.answers.pop(0)
        self.now += took_s
        if isinstance(answer, Exception):
            raise answer
        return answer


async def pauses_of(
    monkeypatch: pytest.MonkeyPatch,
    answers: Sequence[tuple[float, Polled | Exception]],
    *,
    extensions: frozenset[str] = frozenset(),
    on_refusal: Callable[[], None] = lambda: None,
) -> list[float]:
    """How long the poller pauses after each of these answers."""
    engine = Engine(answers)
    pauses: list[float] = []

    async def note(pause_s: float, *, until: asyncio.Event | None) -> None:
        pauses.append(pause_s)
        await asyncio.sleep(0)

    async def one() -> int:
        return 1

    monkeypatch.setattr("neops.worker.polling.pause", note)
    poller = Poller(
        engine,  # type: ignore[arg-type]  # all that a poller calls of a client
        Membership(worker_id="w1", extensions=extensions, offers=()),
        WorkerSettings(poll_interval_s=10, held_poll_s=20),
        free_places=one,
        on_jobs=lambda polled: None,
        on_refusal=on_refusal,
        backoff=Backoff(jitter=lambda: 0.0),
        clock=lambda: engine.now,
    )
    polling = asyncio.create_task(poller.run())
    while engine.asked <= len(answers):
        await asyncio.sleep(0)
    polling.cancel()
    return pauses


async def test_an_engine_that_holds_polls_is_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await pauses_of(monkeypatch, [(20, NOTHING)] * 3, extensions=HOLDS) == []


async def test_one_that_answers_at_once_is_asked_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await pauses_of(monkeypatch, [(0, NOTHING)] * 3) == [10, 10, 10]


async def test_one_that_says_it_holds_polls_and_does_not_is_asked_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(0.0, NOTHING), (0.0, NOTHING), (0.0, NOTHING), (20.0, NOTHING), (0.0, NOTHING)]

    assert await pauses_of(monkeypatch, answers, extensions=HOLDS) == [1, 10, 10, 1]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refused_poll_is_explained_and_repeated_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    refusals: list[int] = []
    refused = EngineRefused(status, "/blackboard/job", "no")

    pauses = await pauses_of(monkeypatch, [(0, refused)] * 7, on_refusal=lambda: refusals.append(1))

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert len(refusals) == 7
    assert vars(caplog.records[0])["reason"].startswith(f"the engine answers {status} to /blackboard/job: no (")


async def test_after_a_success_the_pauses_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    away = EngineUnavailable("cannot reach the engine")

    assert await pauses_of(monkeypatch, [(0, away), (0, away), (0, NOTHING), (0, away)]) == [1, 2, 10, 1]
