"""Revision by revision, as the files below `versions` say."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from neops.engine.store.errors import SchemaTooNew


def migrate_on(connection: Connection, revision: str) -> None:
    """Bring the database behind a connection to a revision; the caller commits.

    Raises:
        SchemaTooNew: a newer neops made it.
    """
    config = Config()
    config.set_main_option("script_location", "neops.engine.store:migrations")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise SchemaTooNew(f"the database has schema {current}, which this neops does not know: use a newer one")
    if revision == "head" or current is None:
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)
