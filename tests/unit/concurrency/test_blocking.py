from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from neops.concurrency import AuthorFiles, BlockingDetector, BlockingReport
from neops.concurrency.blocking import _Judge, _Look, log_report

AUTHOR = """
import asyncio, time

def slow_login():
    time.sleep(0.3)

async def block():
    slow_login()
    await asyncio.sleep(0)

async def wait():
    await asyncio.sleep(0.3)
"""


@pytest.fixture
def author(tmp_path: Path) -> Callable[[str], Callable[[], Awaitable[None]]]:
    file = tmp_path / "author.py"
    file.write_text(AUTHOR)
    spec = importlib.util.spec_from_file_location("author", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda name: getattr(module, name)


async def test_a_blocked_loop_is_reported_with_the_authors_line(
    author: Callable[[str], Callable[[], Awaitable[None]]], tmp_path: Path
) -> None:
    reports: list[BlockingReport] = []

    with BlockingDetector(threshold_s=0.1, report=reports.append):
        await author("block")()
        await asyncio.sleep(0.05)

    first, last = reports
    assert (first.file, first.line, first.function) == (str(tmp_path / "author.py"), 5, "slow_login")
    assert (first.ended, last.ended) == (False, True)
    assert 0.1 <= first.duration_s <= last.duration_s
    assert last.duration_s > 0.15
    assert "author.py:5 in slow_login blocks the event loop" in str(first)
    assert "@run_in_thread" in str(first)


async def test_a_waiting_loop_is_not_reported(author: Callable[[str], Callable[[], Awaitable[None]]]) -> None:
    reports: list[BlockingReport] = []

    with BlockingDetector(threshold_s=0.05, report=reports.append):
        await author("wait")()

    assert reports == []


async def test_a_threshold_of_zero_watches_nothing(author: Callable[[str], Callable[[], Awaitable[None]]]) -> None:
    reports: list[BlockingReport] = []

    with BlockingDetector(threshold_s=0, report=reports.append):
        await author("block")()

    assert reports == []


async def test_a_block_that_lasts_until_the_end_of_the_watch_is_reported(
    author: Callable[[str], Callable[[], Awaitable[None]]],
) -> None:
    reports: list[BlockingReport] = []

    with BlockingDetector(threshold_s=0.1, report=reports.append):
        await asyncio.sleep(0)
        await author("block")()

    assert [report.ended for report in reports] == [False, True]


PLACE = ("author.py", 5, "slow_login")


class Watch:
    """A judge with a threshold of 1 s that looks every 0.2 s, on a clock that the test turns."""

    def __init__(self) -> None:
        self.judge = _Judge(1.0, 0.2)
        self.now = 0.0

    def wake(
        self,
        after_s: float = 0.2,
        *,
        cpu_s: float = 0.0,
        answered: bool = False,
        place: tuple[str, int, str] | None = None,
    ) -> list[BlockingReport]:
        self.judge.question(self.now)
        self.now += after_s
        answered_at = self.now - 0.01 if answered else None
        look = _Look(now=self.now, slept_s=after_s, cpu_s=cpu_s, answered_at=answered_at, place=place)
        return list(self.judge.look(look))


def test_one_block_is_reported_once_and_once_more_when_it_ends() -> None:
    watch = Watch()

    reports = [report for _ in range(20) for report in watch.wake(place=PLACE)]
    ends = watch.wake(answered=True)

    assert [(report.ended, report.samples) for report in reports] == [(False, 5)]
    assert [(report.ended, report.samples) for report in ends] == [(True, 20)]
    assert ends[0].duration_s == pytest.approx(4.19)


def test_the_line_seen_most_often_is_named() -> None:
    watch = Watch()
    elsewhere = ("author.py", 9, "parse")

    reports = [report for place in (elsewhere, PLACE, PLACE, PLACE, PLACE) for report in watch.wake(place=place)]

    assert [report.line for report in reports] == [5]


def test_a_loop_that_is_late_but_never_seen_busy_is_not_blocked() -> None:
    watch = Watch()

    assert [report for _ in range(20) for report in watch.wake(place=None)] == []
    assert watch.wake(answered=True) == []


def test_time_in_which_the_process_was_suspended_does_not_count() -> None:
    watch = Watch()
    watch.wake(place=PLACE)

    assert watch.wake(3600.0, cpu_s=0.01, place=PLACE) == []
    assert watch.wake(place=PLACE) == []


def test_a_call_that_held_the_interpreter_lock_is_reported_afterwards() -> None:
    watch = Watch()
    watch.wake(answered=True)

    (report,) = watch.wake(2.0, cpu_s=1.9, answered=True, place=PLACE)

    assert (report.line, report.ended) == (5, False)
    assert report.duration_s == pytest.approx(2.0)
    assert [end.ended for end in watch.wake(answered=True)] == [True]


def test_authors_files_are_told_from_libraries(tmp_path: Path) -> None:
    installed = Path(pytest.__file__).parent
    plain, told = AuthorFiles(), AuthorFiles(also=[installed])

    assert plain(str(tmp_path / "author.py"))
    assert not plain(asyncio.__file__)
    assert not plain(pytest.__file__)
    assert not plain("<frozen runpy>")
    assert told(pytest.__file__)


def test_the_default_sink_warns_with_the_place_in_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report = BlockingReport(file="author.py", line=5, function="slow_login", duration_s=0.61, samples=5, ended=False)

    log_report(report)

    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "the event loop is blocked")
    assert (vars(record)["file"], vars(record)["line"], vars(record)["blocked_s"]) == ("author.py", 5, 0.61)
