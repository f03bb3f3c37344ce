from __future__ import annotations

from collections.abc import Callable

import pytest

from neops.devices import DeviceRuntime, ReadsFacts
from neops.errors import UsageError
from neops.testing import CaseResult, create_workflow_context


def test_entities_are_made_up_from_little() -> None:
    context = create_workflow_context(devices=[{"hostname": "r1"}, {"platform": "arista_eos"}])

    assert [(one.id, one.hostname, one.platform_name) for one in context.devices] == [
        (1, "r1", "cisco_ios"),
        (2, "r2", "arista_eos"),
    ]
    assert context.device.hostname == "r1"


def test_another_kind_of_entity_may_be_at_hand() -> None:
    context = create_workflow_context(
        devices=[{}],
        interfaces=[{"name": "eth0", "device": {"id": 1}}, {"name": "eth1"}],
        run_on="interface",
        entity_id=2,
    )

    assert context.interface.name == "eth1"


async def test_devices_answer_through_the_connector(fake_devices: Callable[..., DeviceRuntime]) -> None:
    connector = fake_devices(replies={"get_facts": {"model": "ASR1001"}})
    context = create_workflow_context(devices=[{}], connector=connector)

    assert (await context.connect(ReadsFacts).get_facts()).model == "ASR1001"


def test_without_a_connector_connecting_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="give create_workflow_context a connector"):
        create_workflow_context(devices=[{}]).connect(ReadsFacts)


def test_the_run_block_fixture_takes_the_fields_of_a_case(run_block: Callable[..., CaseResult]) -> None:
    from neops.library.facts import CollectFacts

    assert run_block(CollectFacts, replies={"get_facts": {"model": "ASR1001"}}).data["model"] == "ASR1001"
