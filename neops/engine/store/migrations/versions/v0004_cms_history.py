"""The CMS's history, versions of configurations, and the terms that queries look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from neops.cms.terms import index_all

revision = "0004"
down_revision = "0003"

TABLES = ("cms_config_versions", "cms_history", "cms_sources")
TERMS = {"device": "cms_devices", "group": "cms_groups", "interface": "cms_interfaces"}
SCANNED = {
    "cms_devices": ("connection_state", "ip", "model", "serial", "software_release", "vendor"),
    "cms_interfaces": ("state",),
}
"""Columns whose own index the terms replace."""


def upgrade() -> None:
    _config_versions()
    _history()
    op.create_table(
        "cms_sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cms_sources"),
    )
    for owner, table in TERMS.items():
        _terms(owner, table)
    for table, columns in SCANNED.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
    index_all(op.get_bind())


def downgrade() -> None:
    for table, columns in SCANNED.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
    for table in (*TABLES, *(f"cms_{owner}_terms" for owner in TERMS)):
        op.drop_table(table)


def _config_versions() -> None:
    op.create_table(
        "cms_config_versions",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["cms_devices.id"], name="fk_cms_config_versions_device_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", "number", name="pk_cms_config_versions"),
    )


def _history() -> None:
    op.create_table(
        "cms_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cms_history"),
    )
    op.create_index("ix_cms_history_run_id", "cms_history", ["run_id"])
    op.create_index("ix_cms_history_entity_entity_id", "cms_history", ["entity", "entity_id"])
    op.create_index("ix_cms_history_entity_name", "cms_history", ["entity", "name"])


def _terms(owner: str, table: str) -> None:
    name, owner_id = f"cms_{owner}_terms", f"{owner}_id"
    op.create_table(
        name,
        sa.Column(owner_id, sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint([owner_id], [f"{table}.id"], name=f"fk_{name}_{owner_id}", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(owner_id, "field", "text", name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{name}_text", name, ["field", "text"])
    op.create_index(f"ix_{name}_number", name, ["field", "number"], sqlite_where=sa.text("number IS NOT NULL"))
