"""The CMS's history, versions of configurations, and the terms that queries look at."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("cms_config_versions", "cms_history", "cms_sources")
TERMS = {"device": "cms_devices", "group": "cms_groups", "interface": "cms_interfaces"}
SEARCHABLE = {
    "device": (
        "hostname",
        "ip",
        "port",
        "username",
        "vendor",
        "model",
        "serial",
        "software_release",
        "connection_state",
        "external_reference",
    ),
    "group": ("name", "title", "description"),
    "interface": ("name", "description", "state", "ifindex"),
}
TEXT_MAX = 1000
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
        _terms_table(owner, table)
    for table, columns in SCANNED.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
    for owner, table in TERMS.items():
        _index(owner, table)


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


def _terms_table(owner: str, table: str) -> None:
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


def _index(owner: str, table: str) -> None:
    """Write the terms of what is there, as this revision means them: what later ones make of terms, they do over."""
    bind = op.get_bind()
    wanted = sa.text(f"SELECT id, {', '.join(SEARCHABLE[owner])}, facts FROM {table}")  # noqa: S608 - names from above
    insert = sa.text(
        f"INSERT INTO cms_{owner}_terms ({owner}_id, field, text, number) "  # noqa: S608
        "VALUES (:id, :field, :text, :number)"
    )
    for rows in bind.execute(wanted).partitions(1000):
        terms = [
            {"id": row.id, "field": field, "text": text, "number": number}
            for row in rows
            for (field, text), number in {term[:2]: term[2] for term in _terms_of(owner, dict(row._mapping))}.items()
        ]
        if terms:
            bind.execute(insert, terms)


def _terms_of(owner: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str, float | None]]:
    for name in SEARCHABLE[owner]:
        yield from _values(name, row[name])
    yield from _values("facts", json.loads(row["facts"]))


def _values(field: str, value: Any) -> Iterator[tuple[str, str, float | None]]:
    match value:
        case None:
            return
        case dict():
            for key, inner in value.items():
                yield from _values(f"{field}.{key}", inner)
        case list():
            for inner in value:
                yield from _values(field, inner)
        case bool():
            yield field, str(value).lower(), None
        case int() | float():
            yield field, str(value), _number(value)
        case _:
            yield field, str(value)[:TEXT_MAX].lower(), None


def _number(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
