"""From Nornir's results to what a block answers. Importing this module imports Nornir."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import Any

from nornir.core.exceptions import NornirSubTaskError
from nornir.core.task import MultiResult, Result

from neops.entities.jsonable import NotJson, to_json
from neops.entities.outcomes import DeviceOutcome, Outcome

NOT_REACHED = frozenset(
    {
        *("NetmikoTimeoutException", "NetmikoAuthenticationException"),  # netmiko 4.8, exceptions.py
        *("ConnectAuthError", "ConnectTimeoutError"),  # napalm 5.2, base/exceptions.py
        *("ScrapliAuthenticationFailed", "ScrapliConnectionError"),  # scrapli 2025.1, exceptions.py
    }
)
"""Exceptions of other libraries that mean that the device did not let us in, by their class names: none is imported."""


def outcomes_of(answers: Mapping[str, MultiResult]) -> dict[str, DeviceOutcome]:
    """One outcome for each host of an AggregatedResult; the data is the result of the task itself.

    A task without a result of its own gives those of its subtasks, by their names. A failure without an exception is
    a *failure*: the task says that the network is wrong.
    """
    return {name: _outcome(results) for name, results in answers.items()}


def _outcome(results: MultiResult) -> DeviceOutcome:
    failed = next((one for one in _leaves(results) if one.failed), None)
    if failed is None:
        status = Outcome.CHANGED if results.changed else Outcome.OK
        return DeviceOutcome(status=status, data=_data(results))
    if failed.exception is None:
        return DeviceOutcome(status=Outcome.FAILED, message=_first_line(failed.result), data=_data(results))
    outcome = DeviceOutcome.of(failed.exception)
    status = Outcome.UNREACHABLE if _not_reached(failed.exception) else outcome.status
    return DeviceOutcome(status=status, message=_first_line(outcome.message))


def _leaves(results: MultiResult) -> Iterator[Result]:
    """All results, those of subtasks in place of the NornirSubTaskError that stands for them."""
    for one in results:
        if isinstance(one, MultiResult):
            yield from _leaves(one)
        elif isinstance(one.exception, NornirSubTaskError):
            yield from _leaves(one.exception.result)
        else:
            yield one


def _data(results: MultiResult) -> Any:
    own = results[0].result
    if own is None and len(results) > 1:
        own = {str(one.name): one.result for one in results[1:]}
    try:
        return to_json(own)
    except NotJson:
        return str(own)


def _not_reached(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & NOT_REACHED) or isinstance(error, ConnectionRefusedError | socket.gaierror)


def _first_line(text: object) -> str:
    lines = [line.strip() for line in str(text or "").splitlines() if line.strip()]
    return lines[0] if lines else ""
