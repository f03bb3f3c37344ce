"""Run by alembic: migrate on the connection that `migrate_on` hands over."""

from alembic import context

from neops.cms import metadata as cms_metadata
from neops.engine.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[metadata, cms_metadata],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
