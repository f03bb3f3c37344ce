"""Bringing a database to the schema of this version, and back."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine

from neops.engine.store.errors import SchemaTooNew


def migrate(path: Path, revision: str = "head") -> None:
    """Bring the SQLite file to a revision, and make it, for its owner only, when it is not there.

    Raises:
        SchemaTooNew: a newer neops made the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # it will hold passwords; SQLite gives the same mode to the files beside it
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        migrate_on(connection, revision)


def migrate_on(connection: Connection, revision: str = "head") -> None:
    """Bring the database behind a connection to a revision; the caller commits."""
    config = Config()
    config.set_main_option("script_location", "neops.engine.store:migrations")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise SchemaTooNew(f"the database has schema {current}, which this neops does not know: use a newer one")
    if revision == "head" and current == scripts.get_current_head():
        return
    if revision == "head" or current is None:
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)
