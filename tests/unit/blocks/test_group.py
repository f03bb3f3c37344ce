from __future__ import annotations

from neops.blocks.group import group_result
from neops.entities.outcomes import DeviceOutcome, Outcome
from neops.errors import Unreachable

DOWN = Unreachable("r2", "no route to host")


def test_one_bad_device_fails_the_block_and_keeps_the_good_answers() -> None:
    result = group_result({"r1": {"version": "17.9"}, "r2": DOWN})

    assert not result.success
    assert result.message == "1 ok, 1 unreachable; r2 unreachable: no route to host"
    assert result.data is not None
    assert result.data.devices["r1"] == DeviceOutcome(status=Outcome.OK, data={"version": "17.9"})
    assert result.data.devices["r2"].message == "r2: no route to host"


def test_devices_may_be_unreachable_where_the_author_says_so() -> None:
    assert group_result({"r1": 1, "r2": DOWN}, tolerate={Outcome.UNREACHABLE}).success
    assert not group_result({"r1": ValueError("broken"), "r2": DOWN}, tolerate={Outcome.UNREACHABLE}).success


def test_a_message_names_some_devices_and_counts_the_rest() -> None:
    result = group_result({f"r{number}": DOWN for number in range(9)})

    assert result.message is not None
    assert result.message.count("unreachable:") == 5
    assert result.message.endswith("and 4 more")


def test_a_group_without_devices_is_a_success() -> None:
    assert group_result({}).message == "no devices"
