"""Groups that inherit from groups and hand connection parameters on; what a device inherits is marked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

GROUP_COLUMNS = ("ip", "username", "password", "platform", "platform_alias", "connection_options")


def upgrade() -> None:
    op.add_column("cms_devices", sa.Column("platform_alias", sa.Text(), nullable=True))
    op.add_column("cms_devices", sa.Column("inherited", sa.JSON(), nullable=True))
    op.add_column("cms_group_members", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    for name in GROUP_COLUMNS:
        op.add_column("cms_groups", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("cms_groups", sa.Column("port", sa.Integer(), nullable=True))
    op.create_table(
        "cms_group_parents",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["cms_groups.id"], name="fk_cms_group_parents_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["cms_groups.id"], name="fk_cms_group_parents_parent_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "parent_id", name="pk_cms_group_parents"),
    )


def downgrade() -> None:
    op.drop_table("cms_group_parents")
    for name in ("port", *GROUP_COLUMNS):
        op.drop_column("cms_groups", name)
    op.drop_column("cms_group_members", "position")
    for name in ("inherited", "platform_alias"):
        op.drop_column("cms_devices", name)
