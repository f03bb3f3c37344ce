"""The CMS: what neops knows about the network, and the query language over it."""

from neops.cms.configurations import ConfigVersion, config_version, config_versions
from neops.cms.editing import change_entity, create_entity, delete_entity
from neops.cms.exporting import export_batch
from neops.cms.fields import Refusal
from neops.cms.history import (
    Author,
    FieldChange,
    HistoryEntry,
    Operation,
    history_of,
    history_of_run,
    history_since,
    last_change,
)
from neops.cms.importing import ImportSummary, import_batch
from neops.cms.paging import Page, page
from neops.cms.query import compile_query
from neops.cms.store import DeviceSecrets, EntitySet, EntityStore
from neops.cms.tables import metadata
from neops.cms.updates import Applied, Refused, apply_updates

__all__ = [
    "Applied",
    "Author",
    "ConfigVersion",
    "DeviceSecrets",
    "EntitySet",
    "EntityStore",
    "FieldChange",
    "HistoryEntry",
    "ImportSummary",
    "Operation",
    "Page",
    "Refusal",
    "Refused",
    "apply_updates",
    "change_entity",
    "compile_query",
    "config_version",
    "config_versions",
    "create_entity",
    "delete_entity",
    "export_batch",
    "history_of",
    "history_of_run",
    "history_since",
    "import_batch",
    "last_change",
    "metadata",
    "page",
]
