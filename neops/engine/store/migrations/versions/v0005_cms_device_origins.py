"""Which inventories a device came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TABLE = "cms_device_origins"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["cms_devices.id"], name=f"fk_{TABLE}_device_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("origin", "device_id", name=f"pk_{TABLE}"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{TABLE}_device_id", TABLE, ["device_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
