"""What holds for every plugin of this distribution, whatever its library."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from neops.devices import (
    CONNECTION_GROUP,
    ConnectionPlugin,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsNeighbors,
    RunsCommands,
)
from neops_frr import FrrPlugin
from neops_napalm import NapalmPlugin
from neops_netconf import NetconfPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin

PLUGINS = [NapalmPlugin(), NornirPlugin(), ScrapliPlugin(), FrrPlugin(), NetconfPlugin()]

LOADS_NO_LIBRARY = """
import sys
from neops.devices import CAPABILITIES
from neops.devices.detection import GreetsAtLogin
from neops_{name} import {plugin} as Plugin
plugin = Plugin()
known = {{*CAPABILITIES, GreetsAtLogin}}
assert all(plugin.capabilities(platform) <= known for platform in plugin.platforms)
libraries = {{"scrapli", "scrapli_community", "netmiko", "napalm", "nornir", "paramiko", "asyncssh", "ntc_templates"}}
libraries |= {{"lxml"}}
print(",".join(sorted(libraries & set(sys.modules))))
"""


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_a_plugin_answers_questions_without_importing_its_library(plugin: ConnectionPlugin) -> None:
    script = LOADS_NO_LIBRARY.format(name=plugin.name, plugin=type(plugin).__name__)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert done.stderr == ""
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_a_plugin_is_registered_under_its_name(plugin: ConnectionPlugin) -> None:
    [point] = entry_points(group=CONNECTION_GROUP, name=plugin.name)

    assert point.load() is type(plugin)
    assert isinstance(plugin, ConnectionPlugin)


@pytest.mark.parametrize("plugin", PLUGINS[:4], ids=lambda plugin: plugin.name)
def test_every_platform_that_a_plugin_with_a_command_line_names_can_run_commands(plugin: ConnectionPlugin) -> None:
    assert {platform for platform in plugin.platforms if RunsCommands not in plugin.capabilities(platform)} == set()


@pytest.mark.parametrize("plugin", PLUGINS[1:3], ids=lambda plugin: plugin.name)
@pytest.mark.parametrize(
    "platform",
    ["arista_eos", "cisco_ios", "cisco_nxos", "cisco_xe", "cisco_xr", "juniper_junos", "linux", "nokia_srl"],
)
def test_a_plugin_that_runs_commands_has_the_common_getters_on_the_common_platforms(
    plugin: ConnectionPlugin, platform: str
) -> None:
    assert plugin.capabilities(platform) >= {RunsCommands, ReadsFacts, ReadsInterfaces, ReadsNeighbors, ReadsConfig}
