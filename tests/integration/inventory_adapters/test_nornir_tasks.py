"""What Nornir's documentation and its plugins' pages show, on an inventory that was built from a job's context."""

from __future__ import annotations

from typing import Any

import pytest
from nornir.core import Nornir
from nornir.core.filter import F
from nornir.core.inventory import ConnectionOptions, Host
from nornir.core.task import AggregatedResult, MultiResult, Result, Task
from nornir_napalm.plugins.tasks import napalm_get
from nornir_netmiko.tasks import netmiko_send_command
from nornir_scrapli.tasks import send_command
from nornir_utils.plugins.functions import print_result

from neops import WorkflowContext
from neops.testing.simulator import Fault, FaultKind, SimulatedNetwork
from neops_cms_inventory import outcomes_of

SCRAPLI = {"auth_strict_key": False, "transport": "paramiko"}  # its `system` transport leaves zombies of ssh behind


@pytest.fixture
def nr(context: WorkflowContext, healthy: SimulatedNetwork) -> Any:
    with context.nornir(num_workers=10) as nornir:
        yield nornir


@pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # netmiko 4.8, utilities.py, on 3.11
def test_netmiko_send_command_with_textfsm(nr: Nornir) -> None:
    core = nr.filter(F(groups__contains="core"))

    answers = core.run(task=netmiko_send_command, command_string="show version", use_textfsm=True)

    assert answers["core-1"].result[0]["hostname"] == "core-1"
    assert list(answers) == ["core-1", "core-2"]
    assert not answers.failed


def test_napalm_get_knows_the_platform_by_napalms_name(nr: Nornir) -> None:
    answers = nr.filter(F(platform="cisco_ios")).run(task=napalm_get, getters=["facts"])

    answers.raise_on_error()
    assert {name: one.result["facts"]["hostname"] for name, one in answers.items()} == {
        "core-1": "core-1",
        "edge-1": "edge-1",
    }


def test_scrapli_send_command_knows_the_platform_by_scraplis_name(nr: Nornir) -> None:
    for host in nr.inventory.hosts.values():
        host.connection_options["scrapli"] = ConnectionOptions(extras=SCRAPLI)

    answers = nr.run(task=send_command, command="show version")

    answers.raise_on_error()
    assert all(one.result for one in answers.values())


def test_a_task_with_subtasks_reads_all_vendors_through_neops(nr: Nornir) -> None:
    def facts(task: Task) -> Result:
        router = task.host.get_connection("neops", task.nornir.config)
        return Result(host=task.host, result=router.get_facts().hostname)

    def audit(task: Task) -> Result:
        hostname = task.run(task=facts).result
        return Result(host=task.host, result=hostname == task.host.name)

    answers = nr.run(task=audit)

    assert {name: (one[0].result, one[1].result) for name, one in answers.items()} == {
        name: (True, name) for name in ("core-1", "core-2", "edge-1", "edge-2")
    }


def test_print_result_and_failed_hosts(
    nr: Nornir, healthy: SimulatedNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy["edge-1"].fault = Fault(kind=FaultKind.REJECT_PASSWORD)

    answers = nr.run(task=netmiko_send_command, command_string="show clock")
    print_result(answers)

    assert nr.data.failed_hosts == {"edge-1"}
    assert list(answers.failed_hosts) == ["edge-1"]
    assert "edge-1" not in nr.run(task=netmiko_send_command, command_string="show clock")
    assert {name: one.status.value for name, one in outcomes_of(answers).items()} == {
        "core-1": "ok",
        "core-2": "ok",
        "edge-1": "unreachable",
        "edge-2": "ok",
    }
    printed = capsys.readouterr().out
    assert "* edge-1 ** changed : False" in printed
    assert "NetmikoAuthenticationException" in printed


def test_processors_see_each_host(nr: Nornir) -> None:
    class Counting:
        done: list[str] = []

        def task_started(self, task: Task) -> None: ...

        def task_completed(self, task: Task, result: AggregatedResult) -> None: ...

        def task_instance_started(self, task: Task, host: Host) -> None: ...

        def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
            self.done.append(host.name)

        def subtask_instance_started(self, task: Task, host: Host) -> None: ...

        def subtask_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None: ...

    counting = Counting()
    nr.with_processors([counting]).run(task=netmiko_send_command, command_string="show version")

    assert sorted(counting.done) == ["core-1", "core-2", "edge-1", "edge-2"]


def test_a_proxy_in_a_task_shares_the_sessions_of_the_job(nr: Nornir, healthy: SimulatedNetwork) -> None:
    def version(task: Task) -> str:
        return str(task.host.get_connection("neops", task.nornir.config).send_command("show version").output)

    for _ in range(3):
        nr.run(task=version).raise_on_error()

    assert [device.logins for device in healthy] == [1] * 4
