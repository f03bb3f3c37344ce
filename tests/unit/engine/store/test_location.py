from __future__ import annotations

from pathlib import Path

import pytest

from neops.engine.store.location import database_path
from neops.errors import SettingsInvalid
from neops.settings import EngineSettings


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:///neops.db", Path("neops.db")), ("sqlite:////var/neops.db", Path("/var/neops.db"))]
)
def test_the_database_is_a_file(url: str, path: Path) -> None:
    assert database_path(EngineSettings(database=url)) == path


@pytest.mark.parametrize("url", ["postgresql://host/neops", "sqlite://", "neops.db"])
def test_other_databases_are_refused_in_one_line(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="expected sqlite:///FILE"):
        database_path(EngineSettings(database=url))
