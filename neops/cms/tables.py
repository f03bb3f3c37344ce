"""The tables of the embedded CMS, as SQLAlchemy Core metadata; the engine's migrations create them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

platforms = Table(
    "cms_platforms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("short_name", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("vendor", Text),
)

devices = Table(
    "cms_devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hostname", Text, unique=True),
    Column("ip", Text, index=True),
    Column("port", Integer),
    Column("username", Text),
    Column("password", Text),
    Column("connection_options", Text),
    Column("platform_id", ForeignKey("cms_platforms.id"), index=True),
    Column("platform_alias", Text),
    Column("vendor", Text, index=True),
    Column("model", Text, index=True),
    Column("serial", Text, index=True),
    Column("software_release", Text, index=True),
    Column("connection_state", Text, index=True),
    Column("external_reference", Text, index=True),
    Column("current_configuration", Text),
    Column("last_configuration", Text),
    Column("facts", JSON, nullable=False),
    Column("inherited", JSON(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    sqlite_autoincrement=True,
)
"""What a device inherits is worked out in its row; `inherited` says which of it that is."""

groups = Table(
    "cms_groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("title", Text),
    Column("description", Text),
    Column("ip", Text),
    Column("port", Integer),
    Column("username", Text),
    Column("password", Text),
    Column("platform", Text),
    Column("platform_alias", Text),
    Column("connection_options", Text),
    Column("facts", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    sqlite_autoincrement=True,
)

group_members = Table(
    "cms_group_members",
    metadata,
    Column("group_id", ForeignKey("cms_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("device_id", ForeignKey("cms_devices.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False, server_default="0"),
    Index("ix_cms_group_members_device_id", "device_id"),
)
"""`position`: the order in which the device inherits from its groups."""

group_parents = Table(
    "cms_group_parents",
    metadata,
    Column("group_id", ForeignKey("cms_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("parent_id", ForeignKey("cms_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False, server_default="0"),
)

interfaces = Table(
    "cms_interfaces",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", ForeignKey("cms_devices.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("state", Text, index=True),
    Column("ifindex", Integer),
    Column("current_configuration", Text),
    Column("last_configuration", Text),
    Column("facts", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("device_id", "name"),
    sqlite_autoincrement=True,
)
