from __future__ import annotations

import json

from neops.engine.workflows.expressions import render
from neops.engine.workflows.scope import ContextDocument, Scope, StepResults
from neops.entities import Device, DeviceGroup, EntityReference, EntityType, Interface, Platform, Secret
from neops.protocol import JsonObject


def scope(**results: StepResults) -> Scope:
    return Scope(
        parameters={"site": "zrh"},
        context=ContextDocument(
            devices=[
                Device(id=7, hostname="r1", platform=Platform(short_name="frr"), password=Secret("s3cret")),
                Device(id=8, hostname="r2", connection_options=Secret("s3cret")),
            ],
            device_groups=[DeviceGroup(id=2, name="lab")],
            interfaces=[Interface(id=71, name="eth0", device=EntityReference(id=7))],
        ),
        results=results,
    )


def result(message: str) -> JsonObject:
    return {"success": True, "message": message, "data": {}}


def test_the_entity_at_hand_is_found_under_its_kind() -> None:
    document = scope().document(EntityType.DEVICE, 8)

    assert render("{{ context.device.hostname }} of {{ length(context.devices) }}", document) == "r2 of 2"


def test_an_interface_brings_its_device() -> None:
    document = scope().document(EntityType.INTERFACE, 71)

    assert render("{{ context.device.hostname }}:{{ context.interface.name }}", document) == "r1:eth0"


def test_attributes_and_lists_go_by_both_spellings() -> None:
    document = scope().document(EntityType.DEVICE, 7)

    assert render("{{ [context.device.softwareRelease, context.device.software_release] }}", document) == [None, None]
    assert render("{{ context.deviceGroups[0].name == context.device_groups[0].name }}", document) is True
    assert render("{{ context.devices[0].platform.[short_name, shortName] }}", document) == ["frr", "frr"]


def test_a_step_answers_for_the_entity_at_hand_and_for_all() -> None:
    ping = StepResults(run_on=EntityType.DEVICE, by_entity={7: result("up"), 8: result("down")})
    document = scope(ping=ping).document(EntityType.DEVICE, 8)

    assert render("{{ ping.result.message }}", document) == "down"
    assert render("{{ ping.results[].[entityId, message] }}", document) == [[7, "up"], [8, "down"]]


def test_a_global_result_is_there_for_every_entity() -> None:
    plan = StepResults(run_on=EntityType.GLOBAL, by_entity={None: result("planned")})

    assert render("{{ plan.result.message }}", scope(plan=plan).document(EntityType.DEVICE, 7)) == "planned"


def test_an_entity_that_a_step_skipped_has_no_result_of_it() -> None:
    ping = StepResults(run_on=EntityType.DEVICE, by_entity={7: result("up")})

    assert "result" not in scope(ping=ping).document(EntityType.DEVICE, 8)["ping"]  # type: ignore[operator] # an object


def test_expressions_never_see_credentials() -> None:
    written = json.dumps(scope().document(EntityType.DEVICE, 7))

    assert "s3cret" not in written
    assert "password" not in written
