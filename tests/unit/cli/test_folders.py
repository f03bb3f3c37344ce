from __future__ import annotations

from pathlib import Path

import pytest

from neops.cli.folders import new_folder, write_report
from neops.errors import NeopsError, UsageError


def test_two_runs_of_one_second_get_a_folder_each_for_their_owner_only(tmp_path: Path) -> None:
    folders = {new_folder(tmp_path / "data", "audit") for _ in range(3)}

    assert len(folders) == 3
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_place_that_cannot_hold_folders_is_wrong_usage_and_another_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(UsageError, match=r"data: Not a directory; name another folder with --data"):
        new_folder(tmp_path / "data", "audit")


def test_a_report_that_cannot_be_kept_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()

    with pytest.raises(NeopsError, match=r"cannot be kept in .*report\.json: Is a directory"):
        write_report(tmp_path, "{}")
