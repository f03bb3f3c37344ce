"""The wheel in a clean environment, without extras."""

import json
import re
import urllib.request
from pathlib import Path

import pytest

from tests.packaging.clean_environment import CleanEnvironment

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]

VENDOR_LIBRARIES = ("scrapli", "napalm", "netmiko", "nornir", "paramiko", "asyncssh")


BLOCK = """
import asyncio
from neops import (
    FunctionBlock, FunctionBlockParams, FunctionBlockResult, FunctionBlockResultData,
    Registration, WorkflowContext, register_function_block,
)
from neops.devices import DeviceRuntime, PluginCatalogue, ReadsFacts
from neops.testing import FakePlugin, create_workflow_context

class Version(FunctionBlockResultData):
    version: str

@register_function_block(Registration(
    name="show_version", package="fb.example.io", version=(1, 0, 0), description="Read the software version",
    run_on="device", fb_type="facts", param_cls=FunctionBlockParams, result_cls=Version, is_pure=True,
))
class ShowVersion(FunctionBlock[FunctionBlockParams, Version]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[Version]:
        facts = await context.connect(ReadsFacts).get_facts()
        return FunctionBlockResult(success=True, data=Version(version=facts.os_version))

plugin = FakePlugin({"get_facts": {"os_version": "17.9.4"}})
with DeviceRuntime(catalogue=PluginCatalogue.of(plugin)) as runtime:
    r1 = {"hostname": "r1", "ip": "192.0.2.1", "platform": {"short_name": "cisco_ios"}}
    context = create_workflow_context(devices=[r1], connector=runtime)
    result = asyncio.run(ShowVersion().run(FunctionBlockParams(), context))
print(result.data.version)
"""


def test_the_command_tells_its_version(bare: CleanEnvironment, wheel: Path) -> None:
    version = wheel.name.split("-")[1]

    assert version in bare.run("neops", "--version")


def test_neops_alone_pulls_in_no_vendor_library(bare: CleanEnvironment) -> None:
    installed = bare.run_script(
        f"from importlib.util import find_spec\nprint([n for n in {VENDOR_LIBRARIES} if find_spec(n)])"
    )

    assert installed.strip() == "[]"


def test_a_block_runs_on_a_scripted_device(bare: CleanEnvironment) -> None:
    assert bare.run_script(BLOCK).strip() == "17.9.4"


def test_the_engine_starts_answers_and_stops_without_extras(bare: CleanEnvironment) -> None:
    database = f"sqlite:///{bare.cwd / 'neops.db'}"
    with bare.started("neops", "engine", "--port", "0", "--database", database, "--no-auth") as engine:
        assert engine.stdout is not None
        (url,) = re.findall(r"http://[0-9.:]+", engine.stdout.readline())[:1]
        with urllib.request.urlopen(f"{url}/openapi.json", timeout=10) as answer:
            paths = json.load(answer)["paths"]
        engine.terminate()

        assert any("workflow" in path for path in paths)
        assert engine.wait(30) == 0


def test_plugins_list_says_which_extras_to_install(bare: CleanEnvironment) -> None:
    listing = " ".join(bare.run("neops", "plugins", "list").split())

    for extra in ("scrapli", "napalm", "netmiko"):
        assert f"pip install 'neops[{extra}]'" in listing


def test_the_demo_runs_with_the_extras_that_it_asks_for(wheel: Path, tmp_path: Path) -> None:
    environment = CleanEnvironment.create(tmp_path)
    environment.install(f"{wheel}[nornir,scrapli]")

    assert "5 ok  0 changed  0 unreachable  0 failed" in environment.run("neops", "demo", "--devices", "5")


@pytest.mark.parametrize("command", ["neops demo", "python -m neops.testing.simulator"])
def test_what_the_simulated_network_needs_is_one_line(command: str, bare: CleanEnvironment) -> None:
    code, said = bare.refusal(*command.split())

    assert code == 2
    assert re.fullmatch(r"neops: the (demo|simulator) needs asyncssh.*: pip install 'neops\[[a-z,]+\]'\n", said)
