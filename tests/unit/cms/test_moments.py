"""Date math in queries: what `now` reckons to, and which side of a whole day, month … a limit falls on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, DateTime
from sqlalchemy.dialects import sqlite

from neops.cms.moments import moment_beyond

NOW = datetime(2026, 3, 31, 13, 14, 15, 16, tzinfo=UTC)


def limit(text: str, *, above: bool = True, inclusive: bool = True, now: datetime = NOW) -> str:
    condition = moment_beyond(Column("at", DateTime(timezone=True)), text, now=now, above=above, inclusive=inclusive)
    return str(condition.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-03-31 13:14:15.000016"),
        ("now-7d", "2026-03-24 13:14:15.000016"),
        ("now+2h-30m", "2026-03-31 14:44:15.000016"),
        ("now-1M", "2026-02-28 13:14:15.000016"),
        ("now-13M", "2025-02-28 13:14:15.000016"),
        ("now+9M", "2026-12-31 13:14:15.000016"),
        ("now-2y", "2024-03-31 13:14:15.000016"),
        ("now-1w+3s", "2026-03-24 13:14:18.000016"),
        ("now/s", "2026-03-31 13:14:15.000000"),
        ("now/m", "2026-03-31 13:14:00.000000"),
        ("now/H", "2026-03-31 13:00:00.000000"),
        ("now/d", "2026-03-31 00:00:00.000000"),
        ("now-1d/w", "2026-03-30 00:00:00.000000"),
        ("now/M", "2026-03-01 00:00:00.000000"),
        ("now-1M/y", "2026-01-01 00:00:00.000000"),
    ],
)
def test_now_is_reckoned_with(text: str, moment: str) -> None:
    assert limit(text) == f"at >= '{moment}'"


@pytest.mark.parametrize(
    ("above", "inclusive", "expected"),
    [
        (True, True, "at >= '2026-03-01 00:00:00.000000'"),
        (True, False, "at >= '2026-04-01 00:00:00.000000'"),
        (False, True, "at < '2026-04-01 00:00:00.000000'"),
        (False, False, "at < '2026-03-01 00:00:00.000000'"),
    ],
)
def test_a_rounded_time_is_the_whole_of_what_it_is_rounded_to(above: bool, inclusive: bool, expected: str) -> None:
    assert limit("now/M", above=above, inclusive=inclusive) == expected


@pytest.mark.parametrize("text", ["now-", "now-1", "now-1x", "now/q", "nowhere", "now-9999y", "now+999999w", "now-1d/"])
def test_what_cannot_be_reckoned_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        limit(text)


@given(st.dates(date(1980, 1, 1), date(2100, 1, 1)), st.integers(-200, 200))
def test_going_months_on_never_skips_one(day: date, months: int) -> None:
    now = datetime.combine(day, time(12), UTC)
    there = datetime.fromisoformat(limit(f"now{months:+}M", now=now).split("'")[1]).replace(tzinfo=UTC)

    assert (there.year * 12 + there.month) - (now.year * 12 + now.month) == months
    assert there.day == now.day or (there + timedelta(days=1)).day == 1
