from __future__ import annotations

import pytest

from neops.entities import Device, NewDevice, Platform
from neops.testing import create_workflow_context


def test_a_field_that_an_entity_has_not_is_refused_with_what_may_be_meant() -> None:
    with pytest.raises(TypeError, match="Device has no field 'name'; did you mean 'username' or 'hostname'"):
        Device(id=1, name="r1")
    with pytest.raises(TypeError, match="NewDevice has no field 'hostnam'; did you mean 'hostname'"):
        NewDevice(hostnam="r1")


def test_what_comes_from_elsewhere_may_have_more_fields() -> None:
    sent = {"id": 1, "hostname": "r1", "name": "r1", "platform": {"shortName": "cisco_ios", "icon": "x"}}

    assert Device.model_validate(sent) == Device(id=1, hostname="r1", platform=Platform(short_name="cisco_ios"))


def test_both_spellings_of_a_field_are_taken() -> None:
    assert Device(id=1, softwareRelease="1").software_release == "1"


def test_a_device_of_a_test_is_written_down_too() -> None:
    with pytest.raises(TypeError, match="Device has no field 'name'"):
        create_workflow_context(devices=[{"name": "r1"}])
