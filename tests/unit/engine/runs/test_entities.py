from __future__ import annotations

from neops.engine.runs.entities import RunEntities
from neops.entities import Device
from neops.entities.changes import diff


def test_later_steps_see_what_two_jobs_did_to_different_facts() -> None:
    known = Device(id=1, facts={"asn": 65001, "role": "core"})
    one, other = known.model_copy(deep=True), known.model_copy(deep=True)
    del one.facts["asn"]
    one.facts["if.mtu"] = 9000
    other.facts["os"] = "15.2"
    updates = [*diff([known], [other]).updates, *diff([known], [one]).updates]

    seen = RunEntities(devices={1: known}).updated(updates)

    assert seen.devices[1].facts == {"role": "core", "os": "15.2", "if.mtu": 9000}
