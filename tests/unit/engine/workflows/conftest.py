from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def backup_yaml() -> str:
    """A workflow that uses every key of the published schema."""
    return (Path(__file__).parent / "backup.yaml").read_text()
