"""Times in query strings: ISO 8601, and Elasticsearch's date math from `now`, such as `now-7d` and `now/d`."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement

from neops.cms.comparisons import beyond
from neops.cms.planning import Condition

_MATH = re.compile(r"now(?P<steps>([+-]\d{1,6}[yMwdhHms])*)(/(?P<unit>[yMwdhHms]))?")
_STEP = re.compile(r"([+-]\d+)([a-zA-Z])")

_SPANS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "H": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_MONTHS = {"y": 12, "M": 1}


def moment_beyond(column: ColumnElement[Any], text: str, *, now: datetime, above: bool, inclusive: bool) -> Condition:
    """Compare with a time, in UTC unless it says otherwise; a date is the whole day, `now/M` the whole month.

    Raises:
        ValueError: it is none.
    """
    try:
        first, behind = _moments(text, now.astimezone(UTC))
    except OverflowError as problem:
        raise ValueError(text) from problem
    if behind is not None and above != inclusive:
        return column >= behind if above else column < behind
    return beyond(column, first, above=above, inclusive=inclusive)


def _moments(text: str, now: datetime) -> tuple[datetime, datetime | None]:
    """The time, and of a whole day, month … the beginning of the next one."""
    if math := _MATH.fullmatch(text):
        return _reckoned(now, math["steps"], math["unit"])
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), None
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return first, first + timedelta(days=1) if day < date.max else datetime.max.replace(tzinfo=UTC)


def _reckoned(now: datetime, steps: str, unit: str | None) -> tuple[datetime, datetime | None]:
    moment = now
    for count, span in _STEP.findall(steps):
        moment = _moved(moment, int(count), span)
    if unit is None:
        return moment, None
    first = _beginning(moment, unit)
    return first, _moved(first, 1, unit)


def _moved(moment: datetime, count: int, unit: str) -> datetime:
    """A month on from the 31st is the last day of a shorter month."""
    if unit in _SPANS:
        return moment + count * _SPANS[unit]
    year, month = divmod(moment.year * 12 + moment.month - 1 + count * _MONTHS[unit], 12)
    if not 1 <= year <= date.max.year:
        raise OverflowError(year)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def _beginning(moment: datetime, unit: str) -> datetime:
    """Of the year, month, week (Monday), day, hour, minute or second."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "y":
            return midnight.replace(month=1, day=1)
        case "M":
            return midnight.replace(day=1)
        case "w":
            return midnight - timedelta(days=midnight.weekday())
        case "d":
            return midnight
        case "h" | "H":
            return midnight.replace(hour=moment.hour)
        case "m":
            return moment.replace(second=0, microsecond=0)
        case _:
            return moment.replace(microsecond=0)
