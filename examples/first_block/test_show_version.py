from examples.first_block.show_version import ShowVersion
from neops.testing import CaseResult, fb_test_case


@fb_test_case(ShowVersion, device={"platform": "arista_eos"}, replies={"get_facts": {"os_version": "4.30.1F"}})
def test_the_version_is_read_and_kept(result: CaseResult) -> None:
    assert result.data == {"version": "4.30.1F"}
    assert result.changes == {"software_release": "4.30.1F"}


@fb_test_case(ShowVersion, replay="recordings/leaf1.jsonl.zst")
def test_it_reads_the_version_of_a_device_that_was_recorded(result: CaseResult) -> None:
    assert result.data == {"version": "4.31.2F"}
