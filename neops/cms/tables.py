"""The tables of the embedded CMS, as SQLAlchemy Core metadata; the engine's migrations create them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

from neops.cms.dialect import Instant

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
    Column("ip", Text),
    Column("port", Integer),
    Column("username", Text),
    Column("password", Text),
    Column("connection_options", Text),
    Column("platform_id", ForeignKey("cms_platforms.id"), index=True),
    Column("platform_alias", Text),
    Column("vendor", Text),
    Column("model", Text),
    Column("serial", Text),
    Column("software_release", Text),
    Column("connection_state", Text),
    Column("external_reference", Text, index=True),
    Column("current_configuration", Text),
    Column("last_configuration", Text),
    Column("facts", JSON, nullable=False),
    Column("inherited", JSON(none_as_null=True)),
    Column("created_at", Instant(), nullable=False),
    Column("updated_at", Instant(), nullable=False),
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
    Column("created_at", Instant(), nullable=False),
    Column("updated_at", Instant(), nullable=False),
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
    Column("state", Text),
    Column("ifindex", Integer),
    Column("current_configuration", Text),
    Column("last_configuration", Text),
    Column("facts", JSON, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("updated_at", Instant(), nullable=False),
    UniqueConstraint("device_id", "name"),
    sqlite_autoincrement=True,
)

config_versions = Table(
    "cms_config_versions",
    metadata,
    Column("device_id", ForeignKey("cms_devices.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("author", Text, nullable=False),
    Column("run_id", Text),
    Column("sha256", Text, nullable=False),
    Column("configuration", Text, nullable=False),
)
"""Every configuration that a device had as its current one; numbers count from 1 for each device."""

history = Table(
    "cms_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("author", Text, nullable=False),
    Column("run_id", Text, index=True),
    Column("entity", Text, nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("name", Text),
    Column("operation", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Index("ix_cms_history_entity_entity_id", "entity", "entity_id"),
    Index("ix_cms_history_entity_name", "entity", "name"),
)
"""One row for each change of an entity; `changes` is path → before and after. It outlives the entity."""

sources = Table(
    "cms_sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("read_at", Instant(), nullable=False),
)
"""How far an inventory was read that can tell what changed since."""

device_origins = Table(
    "cms_device_origins",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("device_id", ForeignKey("cms_devices.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_cms_device_origins_device_id", "device_id"),
    sqlite_with_rowid=False,
)
"""Which inventories have, or had, a device: what is gone from all of them may be deleted."""


def _terms(owner: str, table: str) -> Table:
    name = f"cms_{owner}_terms"
    numbers = Column("number", Float)
    return Table(
        name,
        metadata,
        Column(f"{owner}_id", ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=True),
        Column("field", Text, primary_key=True),
        Column("text", Text, primary_key=True),
        numbers,
        Index(f"ix_{name}_text", "field", "text"),
        Index(f"ix_{name}_number", "field", "number", sqlite_where=numbers.is_not(None)),
        sqlite_with_rowid=False,
    )


device_terms = _terms("device", "cms_devices")
group_terms = _terms("group", "cms_groups")
interface_terms = _terms("interface", "cms_interfaces")
"""What queries look at: every searchable value of an entity, fact by fact, text in lower case."""
