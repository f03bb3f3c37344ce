"""The engine's tables, as SQLAlchemy Core metadata; `migrations` creates them.

Instants are whole microseconds since 1970 in UTC: exact, ordered, and the same in every database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """An aware datetime as the number that is stored."""
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The stored number as an aware datetime."""
    return EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("name", Text),
    Column("ip_address", Text),
    Column("extensions", JSON, nullable=False),
    Column("lease_micros", BigInteger, nullable=False),
    Column("last_ping_at", Instant, nullable=False),
    Column("unregistered_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)

blocks = Table(
    "blocks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("package", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("major", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("patch", Integer, nullable=False),
    Column("run_on", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("markdown_help_text", Text, nullable=False),
    Column("deprecated", Boolean, nullable=False),
    Column("parameter_schema", JSON, nullable=False),
    Column("result_schema", JSON, nullable=False),
    Column("idempotent", Boolean, nullable=False),
    Column("pure", Boolean, nullable=False),
    Column("reversible", Boolean, nullable=False),
    Column("own_acquire", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Index("ix_blocks_package_name", "package", "name"),
)

offers = Table(
    "offers",
    metadata,
    Column("worker_id", ForeignKey("workers.id"), primary_key=True),
    Column("block_id", ForeignKey("blocks.id"), primary_key=True, index=True),
)

definitions = Table(
    "definitions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("package", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("major", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("patch", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("created_by", Text),
    Column("created_by_username", Text),
    Index("ix_definitions_package_name", "package", "name"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workflow_id", Text, nullable=False),
    Column("workflow_name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("targets", JSON, nullable=False),
    Column("state", JSON, nullable=False),
    Column("reason", Text),
    Column("reason_code", Text),
    Column("unsafe_cause", Text),
    Column("retry_note", Text),
    Column("trigger", Text),
    Column("authority_basis", Text),
    Column("started_by", Text),
    Column("started_by_username", Text),
    Column("aborted_by", Text),
    Column("aborted_by_username", Text),
    Column("parent", Text, index=True),
    Column("wake_at", Instant),
    Column("created_at", Instant, nullable=False, index=True),
    Column("updated_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Index("ix_runs_status_updated_at", "status", "updated_at"),
    Index("ix_runs_wake_at", "wake_at", sqlite_where=text("wake_at IS NOT NULL")),
)

run_contexts = Table(
    "run_contexts",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("context", JSON, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("step", Text, nullable=False),
    Column("step_label", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("block_id", Text, nullable=False),
    Column("run_on", Text, nullable=False),
    Column("entity_id", Integer),
    Column("priority", Integer, nullable=False),
    Column("repeatable", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("replaces", Text),
    Column("superseded", Boolean, nullable=False),
    Column("timeout_micros", BigInteger),
    Column("queued", Boolean, nullable=False),
    Column("run_at", Instant),
    Column("status", Text, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("worker_id", Text),
    Column("lease_token", Text),
    Column("lease_expires_at", Instant),
    Column("deadline", Instant),
    Column("ending", Text),
    Column("result_status", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    # The queue: a claim reads the first rows per block here and nothing else.
    Index("ix_jobs_queue", "block_id", "priority", "seq", sqlite_where=text("queued")),
    Index("ix_jobs_run_at", "run_at", sqlite_where=text("run_at IS NOT NULL")),
    Index("ix_jobs_leases", "worker_id", "lease_expires_at", sqlite_where=text("status = 'polled'")),
    Index("ix_jobs_open", "run_id", sqlite_where=text("status != 'pushed'")),
    # Counting a step's outcomes reads the index alone.
    Index("ix_jobs_step", "run_id", "step", "superseded", "status", "result_status", "ending"),
    Index("ix_jobs_finished_at", "finished_at"),
    sqlite_autoincrement=True,
)
"""Narrow rows: they are rewritten at each lease and push, their payloads are not."""

job_payloads = Table(
    "job_payloads",
    metadata,
    Column("job_seq", ForeignKey("jobs.seq"), primary_key=True),
    Column("parameters", JSON, nullable=False),
    Column("context", JSON, nullable=False),
    Column("forward_result", JSON(none_as_null=True)),
)

job_results = Table(
    "job_results",
    metadata,
    Column("job_seq", ForeignKey("jobs.seq"), primary_key=True),
    Column("result", JSON, nullable=False),
)

rejected_results = Table(
    "rejected_results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", Text, nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Column("result", JSON, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("entity_id", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), primary_key=True, index=True),
    Column("exclusive", Boolean, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("step_label", Text),
    Column("job_id", Text),
    Column("entity_id", Integer),
    Column("data", JSON, nullable=False),
    sqlite_with_rowid=False,
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    Column("job_id", Text, index=True),
    Column("step_label", Text),
    Column("entity_id", Integer),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
)
