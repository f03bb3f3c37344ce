"""The CMS: what neops knows about the network, and the query language over it."""

from neops.cms.importing import ImportSummary, import_batch
from neops.cms.query import compile_query
from neops.cms.store import DeviceSecrets, EntitySet, EntityStore
from neops.cms.tables import metadata
from neops.cms.updates import Applied, Refused, apply_updates

__all__ = [
    "Applied",
    "DeviceSecrets",
    "EntitySet",
    "EntityStore",
    "ImportSummary",
    "Refused",
    "apply_updates",
    "compile_query",
    "import_batch",
    "metadata",
]
