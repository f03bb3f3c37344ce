"""Nornir scripts outside of any job: InitNornir with the plugins that neops brings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from nornir import InitNornir
from nornir.core import Nornir
from nornir.core.task import Task

from neops.cms import import_batch
from neops.engine.app import Engine
from neops.entities import DEFAULTS_GROUP, EntityBatch, NewDevice, NewGroup
from neops.errors import InventoryInvalid
from neops.settings import EngineSettings
from neops.testing.simulator import SimulatedNetwork
from neops_cms_inventory import NeopsInventory, plugin
from neops_cms_inventory.connection import shared_runtime


@pytest.fixture
async def url(fields: Callable[[str], dict[str, Any]], tmp_path: Path) -> AsyncIterator[str]:
    """An engine whose CMS has the simulated network, in groups with data."""
    batch = EntityBatch(
        groups=(
            NewGroup(name=DEFAULTS_GROUP, facts={"domain": "example.net"}),
            NewGroup(name="core", parents=["zurich"]),
            NewGroup(name="zurich", facts={"site": "zrh"}),
        ),
        devices=tuple(
            NewDevice.model_validate({**fields(name), "groups": [name.split("-")[0]], "facts": {"unit": int(name[-1])}})
            for name in ("core-1", "core-2", "edge-1", "edge-2")
        ),
    )
    settings = EngineSettings(port=0, auth=False, database=f"sqlite:///{tmp_path / 'neops.db'}")
    async with Engine.open(settings) as engine:
        await engine.store.write(lambda connection, now: import_batch(connection, batch, now))
        yield await engine.serve()


def init_nornir(url: str, **options: Any) -> Nornir:
    return InitNornir(
        inventory={"plugin": "NeopsInventory", "options": {"url": url, **options}},
        runner={"plugin": "NeopsRunner", "options": {"num_workers": 4, "timeout": 30}},
        logging={"enabled": False},
    )


async def test_the_cms_is_the_inventory_of_a_plain_script(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "PAGE", 3)

    nr = await asyncio.to_thread(init_nornir, url)

    host = nr.inventory.hosts["core-1"]
    assert list(nr.inventory.hosts) == ["core-1", "core-2", "edge-1", "edge-2"]
    assert (host.platform, host.password) == ("cisco_ios", "simulated")
    assert dict(host.items()) == {"unit": 1, "site": "zrh", "domain": "example.net"}
    assert [group.name for group in host.extended_groups()] == ["core", "zurich"]
    assert host.data == {"unit": 1}


async def test_a_query_picks_the_hosts(url: str) -> None:
    nr = await asyncio.to_thread(init_nornir, url, query="facts.unit:1 AND NOT hostname:edge*")

    assert list(nr.inventory.hosts) == ["core-1"]


async def test_a_mistake_in_the_query_is_what_the_engine_says_of_it(url: str) -> None:
    with pytest.raises(InventoryInvalid, match=r"answers 400: .*nonsense"):
        await asyncio.to_thread(NeopsInventory(url, "nonsense:1").load)


@pytest.mark.parametrize("wrong", ["ftp://example.net", "127.0.0.1:3030", ""])
def test_an_address_that_is_no_url_is_refused(wrong: str) -> None:
    with pytest.raises(InventoryInvalid, match=r"http://127\.0\.0\.1:3030"):
        NeopsInventory(wrong)


def test_an_engine_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(InventoryInvalid, match=r"^NeopsInventory: http://127\.0\.0\.1:1 cannot be reached"):
        NeopsInventory("http://user:hunter2@127.0.0.1:1").load()


async def test_hosts_without_credentials_take_those_of_the_script(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from neops.engine.api import cms_access

    monkeypatch.setattr(cms_access, "_is_loopback", lambda host: False)

    nr = await asyncio.to_thread(init_nornir, url, username="ops", password="asked")

    assert nr.inventory.hosts["core-1"].get_connection_parameters("netmiko").password == "asked"


async def test_a_plain_script_reads_all_vendors_through_one_shared_runtime(
    url: str, network: SimulatedNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEOPS_KNOWN_HOSTS", str(network.write_known_hosts(tmp_path / "known_hosts")))

    def hostname(task: Task) -> str:
        return str(task.host.get_connection("neops", task.nornir.config).get_facts().hostname)

    def script() -> tuple[dict[str, Any], bool]:
        with init_nornir(url) as nr:
            answers = nr.run(task=hostname)
            return {name: one.result for name, one in answers.items()}, shared_runtime().running

    answers, running = await asyncio.to_thread(script)

    assert answers == {name: name for name in ("core-1", "core-2", "edge-1", "edge-2")}
    assert (running, shared_runtime().running) == (True, False)
