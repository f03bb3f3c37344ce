from __future__ import annotations

from pathlib import Path

import pytest

from neops.cli.cms_database import open_database
from neops.engine.store.errors import StoreUnavailable


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("buy milk\n" * 100)

    with (
        pytest.raises(StoreUnavailable, match=r"notes\.db cannot be used: file is not a database; name another file$"),
        open_database(f"sqlite:///{tmp_path / 'notes.db'}"),
    ):
        pass
