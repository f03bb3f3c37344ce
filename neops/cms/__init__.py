"""The CMS: what neops knows about the network, and the query language over it."""

from neops.cms.configurations import ConfigVersion, config_version, config_versions
from neops.cms.delivery import Delivered, Delivery, take
from neops.cms.editing import change_entity, create_entity, delete_entity
from neops.cms.exporting import export_batch, export_page
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
from neops.cms.paging import Page, count, page
from neops.cms.platforms import change_platform, create_platform, delete_platform, get_platform, list_platforms
from neops.cms.query import compile_query
from neops.cms.reading import read_entities
from neops.cms.sources import Remembered, cursor_of, devices_from
from neops.cms.store import DeviceSecrets, EntitySet, EntityStore
from neops.cms.tables import metadata
from neops.cms.updates import Applied, Refused, apply_updates

__all__ = [
    "Applied",
    "Author",
    "ConfigVersion",
    "Delivered",
    "Delivery",
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
    "Remembered",
    "apply_updates",
    "change_entity",
    "change_platform",
    "compile_query",
    "config_version",
    "config_versions",
    "count",
    "create_entity",
    "create_platform",
    "cursor_of",
    "delete_entity",
    "delete_platform",
    "devices_from",
    "export_batch",
    "export_page",
    "get_platform",
    "history_of",
    "history_of_run",
    "history_since",
    "import_batch",
    "last_change",
    "list_platforms",
    "metadata",
    "page",
    "read_entities",
    "take",
]
