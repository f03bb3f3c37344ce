"""What the store refuses.

NeopsError
└── StoreError
    ├── RunExists       the id given to a new run is taken
    ├── RunMoved        the run changed since it was read: read it again and decide again
    ├── LocksHeld       another run holds an entity; nothing of the change was done
    ├── DefinitionExists  that version is published: its document never changes
    ├── StoreUnavailable  the database cannot be read or written now: nothing of what was asked was done
    └── SchemaTooNew    the database was made by a newer neops
"""

from __future__ import annotations

from neops.engine.store.records import DefinitionId, LockKey, RunId
from neops.errors import NeopsError


class StoreError(NeopsError):
    """The store refused; nothing was changed."""


class RunExists(StoreError):
    """The id given to a new run is taken."""

    def __init__(self, run: RunId) -> None:
        super().__init__(f"there is a run {run} already")
        self.run = run


class RunMoved(StoreError):
    """The run changed since it was read: read it again and decide again."""

    def __init__(self, run: RunId, revision: int) -> None:
        super().__init__(f"run {run} is no longer at revision {revision}")
        self.run, self.revision = run, revision


class LocksHeld(StoreError):
    """Another run holds an entity that was asked for; nothing of the change was done."""

    def __init__(self, key: LockKey, holder: RunId) -> None:
        super().__init__(f"{key.entity} {key.id} is locked by run {holder}")
        self.key, self.holder = key, holder


class DefinitionExists(StoreError):
    """That version is published already: a document never changes."""

    def __init__(self, definition: DefinitionId) -> None:
        super().__init__(f"{definition} is published already")
        self.definition = definition


class StoreUnavailable(StoreError):
    """The database, or the files beside it, cannot be read or written now; it may work again later."""

    def __init__(self, place: object, reason: str) -> None:
        super().__init__(f"{place} cannot be used: {reason}")
        self.place, self.reason = place, reason


class SchemaTooNew(StoreError):
    """The database was made by a newer neops."""

    retryable = False
