"""The tables of the embedded CMS."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = ("cms_groups", "cms_platforms", "cms_devices", "cms_group_members", "cms_interfaces")


def upgrade() -> None:
    _cms_groups()
    _cms_platforms()
    _cms_devices()
    _cms_group_members()
    _cms_interfaces()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _cms_groups() -> None:
    op.create_table(
        "cms_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cms_groups"),
        sa.UniqueConstraint("name", name="uq_cms_groups_name"),
        sqlite_autoincrement=True,
    )


def _cms_platforms() -> None:
    op.create_table(
        "cms_platforms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cms_platforms"),
        sa.UniqueConstraint("short_name", name="uq_cms_platforms_short_name"),
    )


def _cms_devices() -> None:
    op.create_table(
        "cms_devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("connection_options", sa.Text(), nullable=True),
        sa.Column("platform_id", sa.Integer(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("software_release", sa.Text(), nullable=True),
        sa.Column("connection_state", sa.Text(), nullable=True),
        sa.Column("external_reference", sa.Text(), nullable=True),
        sa.Column("current_configuration", sa.Text(), nullable=True),
        sa.Column("last_configuration", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["cms_platforms.id"], name="fk_cms_devices_platform_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cms_devices"),
        sa.UniqueConstraint("hostname", name="uq_cms_devices_hostname"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cms_devices_connection_state", "cms_devices", ["connection_state"])
    op.create_index("ix_cms_devices_external_reference", "cms_devices", ["external_reference"])
    op.create_index("ix_cms_devices_ip", "cms_devices", ["ip"])
    op.create_index("ix_cms_devices_model", "cms_devices", ["model"])
    op.create_index("ix_cms_devices_platform_id", "cms_devices", ["platform_id"])
    op.create_index("ix_cms_devices_serial", "cms_devices", ["serial"])
    op.create_index("ix_cms_devices_software_release", "cms_devices", ["software_release"])
    op.create_index("ix_cms_devices_vendor", "cms_devices", ["vendor"])


def _cms_group_members() -> None:
    op.create_table(
        "cms_group_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["cms_devices.id"], name="fk_cms_group_members_device_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["cms_groups.id"], name="fk_cms_group_members_group_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "device_id", name="pk_cms_group_members"),
    )
    op.create_index("ix_cms_group_members_device_id", "cms_group_members", ["device_id"])


def _cms_interfaces() -> None:
    op.create_table(
        "cms_interfaces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("ifindex", sa.Integer(), nullable=True),
        sa.Column("current_configuration", sa.Text(), nullable=True),
        sa.Column("last_configuration", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["cms_devices.id"], name="fk_cms_interfaces_device_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cms_interfaces"),
        sa.UniqueConstraint("device_id", "name", name="uq_cms_interfaces_device_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cms_interfaces_device_id", "cms_interfaces", ["device_id"])
    op.create_index("ix_cms_interfaces_state", "cms_interfaces", ["state"])
