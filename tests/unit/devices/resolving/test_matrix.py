"""The matrix says what `resolve` would decide, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from neops.devices import CAPABILITIES, ConnectionOptions, PluginCatalogue, ReadsFacts, RunsCommands, Session
from neops.devices.resolving.catalogue import PluginEntry
from neops.devices.resolving.matrix import Row, capability_matrix
from neops.devices.resolving.resolve import Wish, offer_of, resolve
from neops.entities import Device
from neops.errors import CapabilityMissing


@dataclass(frozen=True)
class Plugin:
    name: str
    priority: int
    platforms: dict[str, str]
    can: frozenset[type]
    extra: str = "acme"
    modules: tuple[str, ...] = field(default=())
    on_request: tuple[str, ...] = ()

    def capabilities(self, platform: str) -> frozenset[type]:
        return self.can if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        raise NotImplementedError


COMMANDS = Plugin("plain", 30, {"alpha": "a", "beta": "b"}, frozenset({RunsCommands}))
VENDOR = Plugin("vendor", 100, {"alpha": "a"}, frozenset({RunsCommands, ReadsFacts}))


def entries(*missing: str) -> list[PluginEntry]:
    known = PluginCatalogue.of(COMMANDS, VENDOR).entries()
    return [
        PluginEntry(name=entry.name, plugin=entry.plugin, missing_modules=("lib",) if entry.name in missing else ())
        for entry in known
    ]


def row(rows: tuple[Row, ...], platform: str) -> Row:
    return next(row for row in rows if row.platform == platform)


def test_a_cell_names_all_who_could_answer_and_the_best_one_first() -> None:
    rows = capability_matrix(entries())

    assert [row.platform for row in rows] == ["alpha", "beta"]
    assert row(rows, "alpha").cells["RunsCommands"].plugins == ("vendor", "plain")
    assert row(rows, "beta").cells["RunsCommands"].plugin == "plain"
    assert row(rows, "alpha").served == ("RunsCommands", "ReadsFacts")
    assert [row.only_commands for row in rows] == [False, True]


def test_the_preference_of_the_settings_counts() -> None:
    rows = capability_matrix(entries(), preferred=("plain",))

    assert row(rows, "alpha").cells["RunsCommands"].plugins == ("plain", "vendor")


def test_an_empty_cell_says_which_command_would_fill_it_when_only_a_library_is_missing() -> None:
    cell = row(capability_matrix(entries("vendor")), "alpha").cells["ReadsFacts"]

    assert cell.plugin is None
    assert cell.install == ("pip install 'neops[acme]'",)
    assert cell.why == "vendor: lib not installed: pip install 'neops[acme]'"


def test_an_empty_cell_names_those_who_serve_the_platform_without_it() -> None:
    cell = row(capability_matrix(entries()), "beta").cells["ReadsFacts"]

    assert (cell.why, cell.install) == ("not among what plain can do there", ())


def test_a_plugin_that_waits_to_be_asked_for_fills_no_cell_and_says_how_to_ask_for_it() -> None:
    shy = Plugin("shy", 100, {"beta": "b"}, frozenset({ReadsFacts}), on_request=("beta",))
    offering = [*entries(), *PluginCatalogue.of(shy).entries()]

    cell = row(capability_matrix(offering), "beta").cells["ReadsFacts"]

    assert (cell.plugins, cell.install, cell.on_request) == ((), (), ("shy",))
    assert cell.why == "shy: serves this platform only when preferred: set plugins: [shy]"
    assert row(capability_matrix(offering, preferred=("shy",)), "beta").cells["ReadsFacts"].plugin == "shy"


def test_a_plugin_that_waits_to_be_asked_for_is_not_named_where_asking_would_not_help() -> None:
    shy = Plugin("shy", 100, {"beta": "b"}, frozenset({ReadsFacts}), on_request=("beta",))

    cell = row(capability_matrix([*entries(), *PluginCatalogue.of(shy).entries()]), "beta").cells["WritesConfig"]

    assert cell.why == "not among what shy, plain can do there"


def test_a_plugin_that_cannot_be_loaded_is_named_where_it_might_have_served() -> None:
    broken = PluginEntry(name="broken", failure="ImportError: no")

    cell = row(capability_matrix([*entries(), broken]), "beta").cells["ReadsFacts"]

    assert cell.why == "not among what plain can do there; broken: failed to load: ImportError: no"


@pytest.mark.parametrize("preferred", [(), ("nornir",), ("scrapli", "napalm")])
def test_every_cell_of_what_is_installed_is_what_a_login_would_take(preferred: tuple[str, ...]) -> None:
    installed = PluginCatalogue().entries()
    rows = capability_matrix(installed, preferred=preferred)

    assert {row.platform for row in rows} >= {"cisco_ios", "frr", "linux"}
    for one in rows:
        offers = [offer_of(entry, one.platform) for entry in installed]
        for capability in CAPABILITIES:
            wish = Wish(device="r1", platform=one.platform, capabilities=frozenset({capability}), preferred=preferred)
            try:
                chosen: str | None = resolve(wish, offers).plugin_of[capability]
            except CapabilityMissing:
                chosen = None
            assert one.cells[capability.__name__].plugin == chosen, (one.platform, capability)
