"""Where the settings say that an engine keeps its state."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from neops.errors import SettingsInvalid
from neops.settings import EngineSettings, without_userinfo


def database_path(settings: EngineSettings) -> Path:
    """The SQLite file of `sqlite:///relative.db` or `sqlite:////absolute.db`.

    Raises:
        SettingsInvalid: it is another kind of database.
    """
    url = urlsplit(settings.database)
    path = url.path.removeprefix("/")
    if url.scheme != "sqlite" or url.netloc or not path:
        raise SettingsInvalid(f"NEOPS_DATABASE={without_userinfo(settings.database)}: expected sqlite:///FILE")
    return Path(path)


def artifacts_path(database: Path) -> Path:
    """Beside the database, named after it."""
    return database.with_name(f"{database.stem}-artifacts")
