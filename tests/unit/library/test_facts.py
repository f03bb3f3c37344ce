from __future__ import annotations

from neops.errors import Unreachable
from neops.library.facts import CollectFacts
from neops.testing import CaseResult, fb_test_case

FACTS = {
    "vendor": "Cisco",
    "model": "ASR1001",
    "serial_number": "FOX1",
    "os_version": "17.9.4",
    "uptime": 60.0,
    "interface_list": ["Gi0/0"],
}


@fb_test_case(CollectFacts, replies={"get_facts": FACTS})
def test_facts_are_told_and_kept_on_the_device(result: CaseResult) -> None:
    assert result.message == "Cisco ASR1001 17.9.4"
    assert result.data == {"hostname": "r1", "fqdn": "", **FACTS}
    assert result.changes == {
        "vendor": "Cisco",
        "model": "ASR1001",
        "serial": "FOX1",
        "software_release": "17.9.4",
        "connection_state": "OK",
    }


@fb_test_case(CollectFacts, device={"model": "known"}, replies={"get_facts": {"os_version": "17.9.4"}})
def test_what_the_device_does_not_tell_stays_as_it_was(result: CaseResult) -> None:
    assert result.changes == {"software_release": "17.9.4", "connection_state": "OK"}


@fb_test_case(CollectFacts, replies={"open": Unreachable("r1", "nothing answers"), "get_facts": FACTS})
def test_an_unreachable_device_is_an_error_that_names_it(result: CaseResult) -> None:
    assert result.message == "r1: nothing answers"
    assert result.error is not None
    assert (result.error.type, result.error.traceback) == ("Unreachable", None)
