"""Which CMS a command means: one in a database file, or that of a running engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from neops.cli.cms_port import Cms, Place
from neops.errors import UsageError
from neops.settings import WorkerSettings, read_environment

_DATABASE: Final = "NEOPS_DATABASE"
_URL: Final = "URL_BLACKBOARD"


@contextmanager
def open_cms(place: Place, *, create: bool = False) -> Iterator[Cms]:
    """The CMS that the options name, else NEOPS_DATABASE, else URL_BLACKBOARD, else the default database.

    Raises:
        UsageError: both options are given, or the database is not there and is not to be made.
        SettingsInvalid: the URL is none.
    """
    environment = read_environment(os.environ)
    if (url := _url(place, environment)) is not None:
        yield _remote(WorkerSettings.load(environment, {"engine_url": url}))
        return
    from neops.cli.cms_database import open_database
    from neops.cli.cms_local import LocalCms

    with open_database(place.database, create=create) as database:
        yield LocalCms(database)


def _remote(settings: WorkerSettings) -> Cms:
    from neops.cli.cms_remote import RemoteCms  # brings the messages of the engine's API
    from neops.cli.engine_http import EngineHttp

    return RemoteCms(EngineHttp(settings.engine_url, timeout_s=settings.request_timeout_s))


def _url(place: Place, environment: Mapping[str, str]) -> str | None:
    if place.url is not None and place.database is not None:
        raise UsageError("--url and --database: name one of them")
    if place.url is not None or place.database is not None or environment.get(_DATABASE):
        return place.url
    return environment.get(_URL) or None
