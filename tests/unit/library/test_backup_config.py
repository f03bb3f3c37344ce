from __future__ import annotations

import hashlib

from neops.library.backup_config import BackupConfig
from neops.testing import CaseResult, fb_test_case

CONFIG = "hostname r1\ninterface Gi0/0\n"


@fb_test_case(BackupConfig, replies={"get_config": CONFIG})
def test_the_first_backup_is_a_file_and_the_devices_configuration(result: CaseResult) -> None:
    assert result.message == "first backup, 2 lines"
    assert result.artifacts == {"config/r1.cfg": CONFIG.encode()}
    assert result.changes == {"current_configuration": CONFIG}
    assert result.data == {
        "artifact": "config/r1.cfg",
        "changed": True,
        "lines": 2,
        "sha256": hashlib.sha256(CONFIG.encode()).hexdigest(),
    }


@fb_test_case(BackupConfig, device={"current_configuration": CONFIG}, replies={"get_config": CONFIG})
def test_an_unchanged_configuration_changes_nothing_and_is_saved_all_the_same(result: CaseResult) -> None:
    assert (result.message, result.data["changed"], result.changes) == ("unchanged, 2 lines", False, {})
    assert list(result.artifacts) == ["config/r1.cfg"]


@fb_test_case(BackupConfig, device={"current_configuration": "hostname r0\n"}, replies={"get_config": CONFIG})
def test_a_changed_configuration_keeps_the_one_before(result: CaseResult) -> None:
    assert result.message == "changed, 2 lines: +2 -1"
    assert result.changes == {"current_configuration": CONFIG, "last_configuration": "hostname r0\n"}


@fb_test_case(BackupConfig, device={"current_configuration": CONFIG}, replies={"get_config": " \n"})
def test_an_empty_answer_never_replaces_a_good_backup(result: CaseResult) -> None:
    assert (result.success, result.message) == (False, "r1 gave an empty running configuration")
    assert (result.artifacts, result.changes, result.error) == ({}, {}, None)


@fb_test_case(BackupConfig, device={"hostname": "../lab/r 1"}, replies={"get_config": CONFIG})
def test_the_file_name_is_safe_whatever_the_device_is_called(result: CaseResult) -> None:
    assert list(result.artifacts) == ["config/_lab_r_1.cfg"]
