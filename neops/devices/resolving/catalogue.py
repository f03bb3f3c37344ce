"""Which connection plugins are installed, where they come from, and whether their libraries are there."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from neops.devices.entry_points import EntryPoints, Origin, load, problem_of
from neops.devices.plugin import CONNECTION_GROUP, ConnectionPlugin

logger = logging.getLogger(__name__)

OWN_DISTRIBUTION = "neops"


@dataclass(frozen=True, kw_only=True)
class PluginEntry:
    """One registered plugin. `plugin` is None when it could not be loaded, and `failure` says why in one line.

    `distribution` and `version` are None for a plugin that was handed over directly.
    """

    name: str
    distribution: str | None = None
    version: str | None = None
    plugin: ConnectionPlugin | None = None
    missing_modules: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def usable(self) -> bool:
        """Whether it can open sessions: it was loaded and its library is installed."""
        return self.plugin is not None and not self.missing_modules

    @property
    def pip(self) -> str:
        """The command that installs what is missing."""
        wanted = self.plugin.extra if self.plugin else self.name
        if self.distribution in (None, OWN_DISTRIBUTION):
            return f"pip install '{OWN_DISTRIBUTION}[{wanted}]'"
        return f"pip install '{self.distribution}'"

    @property
    def obstacle(self) -> str | None:
        """Why the plugin cannot be used and what to do about it, None when it can."""
        if self.failure is not None:
            return f"failed to load: {self.failure}"
        if self.missing_modules:
            return f"{', '.join(self.missing_modules)} not installed: {self.pip}"
        return None


def _no_distributions() -> Iterable[EntryPoint]:
    return ()


class PluginCatalogue:
    """The connection plugins of this process. Names are listed without importing anything; a plugin is loaded by name
    when it is first asked for, and one that fails to load is kept as such and stops nobody else.

    Entry points are read from the installed metadata at the first look, never from stevedore's cache on disk: that
    cache is written to the user's home directory and forgets which distribution an entry point came from.
    """

    def __init__(
        self,
        find: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=CONNECTION_GROUP),
        plugins: Iterable[ConnectionPlugin] = (),
    ) -> None:
        self._entry_points = EntryPoints(find)
        self._entries = {plugin.name: _entry(plugin, Origin()) for plugin in plugins}

    @classmethod
    def of(cls, *plugins: ConnectionPlugin) -> PluginCatalogue:
        """Only these plugins, whatever is installed."""
        return cls(find=_no_distributions, plugins=plugins)

    def names(self) -> tuple[str, ...]:
        """Names of all registered plugins, sorted; imports none of them."""
        return tuple(sorted({*self._entry_points.by_name(), *self._entries}))

    def entry(self, name: str) -> PluginEntry:
        """What is known about one plugin; loads it.

        Raises:
            KeyError: nobody registered that name.
        """
        if name not in self._entries:
            self._entries[name] = _load(name, self._entry_points.by_name()[name])
        return self._entries[name]

    def entries(self) -> tuple[PluginEntry, ...]:
        """What is known about all plugins, sorted by name; loads them."""
        return tuple(self.entry(name) for name in self.names())

    def plugin(self, name: str) -> ConnectionPlugin:
        """The plugin of that name.

        Raises:
            KeyError: nobody registered that name, or it failed to load.
        """
        plugin = self.entry(name).plugin
        if plugin is None:
            raise KeyError(name)
        return plugin


def _load(name: str, points: list[EntryPoint]) -> PluginEntry:
    origin = Origin.of(points[0])
    try:
        return _entry(_checked(name, load(CONNECTION_GROUP, name, points, invoke=True)), origin)
    except Exception as error:  # noqa: BLE001  # the plugin's own code: one that is broken must not stop the others
        problem = problem_of(error, points)
    logger.warning(
        "a connection plugin failed to load",
        extra={"plugin": name, "distribution": origin.distribution, "problem": problem},
    )
    return PluginEntry(name=name, distribution=origin.distribution, version=origin.version, failure=problem)


def _checked(name: str, plugin: object) -> ConnectionPlugin:
    if not isinstance(plugin, ConnectionPlugin):
        raise TypeError(f"{type(plugin).__name__} is no ConnectionPlugin, it lacks {', '.join(_lacking(plugin))}")
    if plugin.name != name:
        raise ValueError(f"registered as {name!r}, but its name is {plugin.name!r}")
    return plugin


def _lacking(plugin: object) -> list[str]:
    wanted = (name for name in vars(ConnectionPlugin) if not name.startswith("_"))
    return sorted(name for name in wanted if not hasattr(plugin, name))


def _entry(plugin: ConnectionPlugin, origin: Origin) -> PluginEntry:
    return PluginEntry(
        name=plugin.name,
        distribution=origin.distribution,
        version=origin.version,
        plugin=plugin,
        missing_modules=tuple(module for module in plugin.modules if not _importable(module)),
    )


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a parent is missing, or a module without a spec sits in sys.modules
        return False
