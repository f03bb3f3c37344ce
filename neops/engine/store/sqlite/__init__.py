"""The store in one SQLite file."""

from neops.engine.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
