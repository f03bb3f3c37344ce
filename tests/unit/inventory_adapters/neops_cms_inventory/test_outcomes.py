from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from netmiko import NetmikoTimeoutException
from nornir.core import Nornir
from nornir.core.task import Result, Task

from neops.entities.outcomes import DeviceOutcome, Outcome
from neops.errors import AuthenticationFailed, BlockFailed, NotStarted, OperationTimedOut
from neops_cms_inventory import NeopsRunner, outcomes_of


@pytest.fixture
def outcome(nornir_with: Callable[..., Nornir]) -> Callable[[Callable[[Task], Any]], DeviceOutcome]:
    """What becomes of a task on one host."""

    def run(task: Callable[[Task], Any]) -> DeviceOutcome:
        return outcomes_of(nornir_with(NeopsRunner(), hosts=1).run(task=task))["r1"]

    return run


def failing(error: BaseException) -> Callable[[Task], None]:
    def task(task: Task) -> None:
        raise error

    return task


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NetmikoTimeoutException("TCP connection to device failed.\n\nCommon causes …"), Outcome.UNREACHABLE),
        (ConnectionRefusedError(111, "Connection refused"), Outcome.UNREACHABLE),
        (AuthenticationFailed("r1", "refused"), Outcome.UNREACHABLE),
        (OperationTimedOut("r1", "no prompt"), Outcome.ERRORED),
        (NotStarted("r1", "the time was up"), Outcome.SKIPPED),
        (BlockFailed("BGP is down"), Outcome.FAILED),
        (KeyError("x"), Outcome.ERRORED),
    ],
)
def test_an_exception_says_what_it_means_for_the_device(
    error: Exception, status: Outcome, outcome: Callable[..., DeviceOutcome]
) -> None:
    of_task = outcome(failing(error))

    def grouped(task: Task) -> None:
        task.run(failing(error))

    assert of_task.status is status
    assert outcome(grouped) == of_task
    assert "\n" not in of_task.message


def test_the_result_of_a_task_is_the_data(outcome: Callable[..., DeviceOutcome]) -> None:
    found = outcome(lambda task: Result(host=task.host, result={"facts": {"uptime": 5}}))

    assert found == DeviceOutcome(status=Outcome.OK, data={"facts": {"uptime": 5}})


def test_a_task_that_changed_something_says_so(outcome: Callable[..., DeviceOutcome]) -> None:
    assert outcome(lambda task: Result(host=task.host, changed=True)).status is Outcome.CHANGED


def test_a_failure_without_an_exception_means_that_the_network_is_wrong(outcome: Callable[..., DeviceOutcome]) -> None:
    found = outcome(lambda task: Result(host=task.host, result="2 of 3 peers are up", failed=True))

    assert (found.status, found.message) == (Outcome.FAILED, "2 of 3 peers are up")


def test_a_task_without_a_result_gives_those_of_its_subtasks(outcome: Callable[..., DeviceOutcome]) -> None:
    def version(task: Task) -> str:
        return "17.9"

    def grouped(task: Task) -> None:
        task.run(version)

    assert outcome(grouped).data == {"version": "17.9"}


def test_a_result_without_a_json_form_is_its_text(outcome: Callable[..., DeviceOutcome]) -> None:
    assert outcome(lambda task: Result(host=task.host, result=object)).data == str(object)
