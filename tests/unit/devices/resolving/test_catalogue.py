"""Finding plugins: by name, from real metadata on disk, and with broken ones among them."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import Any

import pytest

from neops.devices import CONNECTION_GROUP, PluginCatalogue

PLUGIN = """
class Plugin:
    name = "{name}"
    extra = "acme"
    modules = {modules!r}
    priority = 100
    platforms = {{"acme_os": "acme"}}
    def capabilities(self, platform): return frozenset()
    def session(self, device, options): raise NotImplementedError
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs small distributions into a folder of their own and gives the catalogue of that folder."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules: set[str] = set()

    def install(distribution: str, plugin: str, source: str) -> PluginCatalogue:
        module = f"{distribution.replace('-', '_')}_{tmp_path.name}"
        modules.add(module)
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{distribution}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[{CONNECTION_GROUP}]\n{plugin} = {module}:Plugin\n")
        return PluginCatalogue(find)

    def find() -> list[EntryPoint]:
        found = distributions(path=[str(tmp_path)])
        return [point for one in found for point in one.entry_points if point.group == CONNECTION_GROUP]

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def test_names_are_listed_without_importing_a_plugin(installed: Any) -> None:
    catalogue = installed("acme-neops", "acme", "raise AssertionError('imported')")

    assert catalogue.names() == ("acme",)


def test_a_plugin_is_known_with_its_distribution_and_version(installed: Any) -> None:
    entry = installed("acme-neops", "acme", PLUGIN.format(name="acme", modules=())).entry("acme")

    assert (entry.distribution, entry.version, entry.usable, entry.obstacle) == ("acme-neops", "1.2.3", True, None)


def test_a_library_that_is_not_installed_is_named_with_the_line_that_installs_it(installed: Any) -> None:
    entry = installed("acme-neops", "acme", PLUGIN.format(name="acme", modules=("no_such_lib", "json"))).entry("acme")

    assert not entry.usable
    assert entry.obstacle == "no_such_lib not installed: pip install 'acme-neops'"


def test_a_plugin_that_cannot_be_imported_stops_no_other(installed: Any, caplog: pytest.LogCaptureFixture) -> None:
    installed("acme-neops", "acme", "import no_such_module_at_all")

    catalogue = installed("good-neops", "good", PLUGIN.format(name="good", modules=()))

    acme, good = catalogue.entries()
    assert good.usable
    assert acme.failure == "ModuleNotFoundError: No module named 'no_such_module_at_all'"
    assert acme.distribution == "acme-neops"
    with pytest.raises(KeyError):
        catalogue.plugin("acme")


def test_two_distributions_with_one_name_are_both_refused_and_named(installed: Any) -> None:
    installed("acme-neops", "acme", PLUGIN.format(name="acme", modules=()))

    catalogue = installed("other-neops", "acme", PLUGIN.format(name="acme", modules=()))

    assert catalogue.entry("acme").failure == "registered by acme-neops and by other-neops"


def test_a_plugin_that_calls_itself_something_else_is_refused(installed: Any) -> None:
    entry = installed("acme-neops", "acme", PLUGIN.format(name="zeta", modules=())).entry("acme")

    assert entry.failure == "ValueError: registered as 'acme', but its name is 'zeta'"


def test_a_class_that_is_no_plugin_is_told_what_it_lacks(installed: Any) -> None:
    entry = installed("acme-neops", "acme", "class Plugin:\n    name = 'acme'\n    priority = 1\n").entry("acme")

    assert entry.failure == (
        "TypeError: Plugin is no ConnectionPlugin, it lacks capabilities, extra, modules, platforms, session"
    )


def test_a_plugin_handed_over_is_the_only_one(fake_plugin: Any) -> None:
    plugin = fake_plugin()

    catalogue = PluginCatalogue.of(plugin)

    assert catalogue.names() == ("fake",)
    assert catalogue.plugin("fake") is plugin


def test_our_own_plugins_name_the_extra_that_brings_their_library(fake_plugin: Any) -> None:
    plugin = fake_plugin()
    plugin.modules = ("no_such_lib",)

    assert PluginCatalogue.of(plugin).entry("fake").pip == "pip install 'neops[fake]'"


def test_looking_for_plugins_writes_nothing_to_the_users_home(empty_home: Path) -> None:
    PluginCatalogue().names()

    assert not list(empty_home.rglob("python-entrypoints"))
