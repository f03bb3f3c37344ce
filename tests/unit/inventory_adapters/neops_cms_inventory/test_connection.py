from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Host, Hosts, Inventory
from nornir.core.task import Task
from nornir.plugins.runners import ThreadedRunner

from neops.devices import DeviceRuntime, PluginCatalogue, ReadsFacts, RunsCommands
from neops.errors import CapabilityMissing
from neops.testing import FakePlugin, create_workflow_context
from neops_cms_inventory import connection
from neops_cms_inventory.connection import SharedRuntime
from neops_cms_inventory.host import register

REPLIES = {"get_facts": {"os_version": "17.9"}, "show clock": "12:00"}


class Everything(ReadsFacts, RunsCommands, Protocol): ...


def asks(task: Task) -> tuple[str, str]:
    router = task.host.get_connection("neops", task.nornir.config)
    return router.get_facts().os_version, router.send_command("show clock").output


def test_a_task_asks_any_device_through_the_jobs_own_sessions(fake_devices: Callable[..., DeviceRuntime]) -> None:
    runtime = fake_devices(replies=REPLIES)
    context = create_workflow_context(devices=[{}, {"platform": "juniper_junos"}], run_on="global", connector=runtime)

    answers = context.nornir().run(task=asks)

    assert {name: one.result for name, one in answers.items()} == {"r1": ("17.9", "12:00"), "r2": ("17.9", "12:00")}
    assert runtime.statistics().opened == 2


def test_capabilities_may_be_asked_for_together(fake_devices: Callable[..., DeviceRuntime]) -> None:
    context = create_workflow_context(devices=[{}], connector=fake_devices(replies=REPLIES))

    def ask(task: Task) -> str:
        router = task.host.get_connection("neops", task.nornir.config).connect(Everything)
        return f"{router.get_facts().os_version} {router.send_command('show clock').output}"

    assert context.nornir().run(task=ask)["r1"].result == "17.9 12:00"


def test_what_no_plugin_can_is_said_of_that_host(fake_devices: Callable[..., DeviceRuntime]) -> None:
    context = create_workflow_context(devices=[{}], connector=fake_devices(replies=REPLIES))

    def ask(task: Task) -> object:
        return task.host.get_connection("neops", task.nornir.config).get_interfaces()

    assert isinstance(context.nornir().run(task=ask)["r1"].exception, CapabilityMissing)


def test_a_method_that_no_capability_has_is_named(fake_devices: Callable[..., DeviceRuntime]) -> None:
    context = create_workflow_context(devices=[{}], connector=fake_devices(replies=REPLIES))
    nornir = context.nornir()

    router = nornir.inventory.hosts["r1"].get_connection("neops", nornir.config)

    with pytest.raises(AttributeError, match=r"no capability has a method 'get_fact'; there are .*get_facts"):
        router.get_fact()


def test_what_a_script_changes_at_a_host_counts(fake_devices: Callable[..., DeviceRuntime]) -> None:
    told: list[Any] = []

    class Telling(FakePlugin):
        def session(self, device: Any, options: Any) -> Any:
            told.append((options.host, options.port, options.credentials.username, options.credentials.password))
            return super().session(device, options)

    plugin = Telling(REPLIES)
    device = {"connection_options": '{"neops": {"port": 830, "username": "old", "extras": {"command_timeout": 5}}}'}
    nornir = create_workflow_context(devices=[device], connector=fake_devices(plugin)).nornir()
    host = nornir.inventory.hosts["r1"]
    host.hostname, host.password = "198.51.100.9", "asked for"
    host.connection_options["neops"].username = "new"

    nornir.run(task=asks).raise_on_error()

    assert told == [("198.51.100.9", 830, "new", "asked for")]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> SharedRuntime:
    """The runtime of plain scripts, with fake devices."""
    plugin = FakePlugin(REPLIES)
    runtime = SharedRuntime(lambda: DeviceRuntime(catalogue=PluginCatalogue.of(plugin)))
    monkeypatch.setattr(connection, "shared_runtime", lambda: runtime)
    return runtime


def test_a_plain_script_shares_one_runtime_until_its_connections_are_closed(shared: SharedRuntime) -> None:
    register("neops")
    options = {"neops": ConnectionOptions(extras={"command_timeout": 5})}
    hosts = {
        name: Host(name=name, hostname=f"192.0.2.{number}", platform="ios", connection_options=options)
        for number, name in enumerate(("r1", "r2"), start=1)
    }
    with Nornir(inventory=Inventory(hosts=Hosts(hosts)), runner=ThreadedRunner()) as nornir:
        answers = nornir.run(task=asks)
        running = shared.running

    assert [one.result for one in answers.values()] == [("17.9", "12:00")] * 2
    assert (running, shared.running) == (True, False)
