"""A run with every plugin, at DEBUG, by a block that does its best to give its password away: nothing shows it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
import zstandard

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

PASSWORD, ENABLE, WRONG = "Unlock/wörd+1 <it>", "Raise'me+2 é", "Wr0ng/wörd+3"

PLUGINS: Mapping[str, tuple[str, str]] = {
    "scrapli": ("cisco_ios", "cisco_ios"),
    "nornir": ("cisco_ios", "cisco_ios"),
    "napalm": ("cisco_ios", "cisco_ios"),
    "frr": ("linux", "frr"),
    "netconf": ("juniper_junos", "juniper_junos"),
    "eapi": ("arista_eos", "arista_eos"),
}
"""Plugin → simulated platform, and what the inventory calls it; `eapi` is NAPALM over HTTP."""
WAYS = ("good", "wrong", "crash")

BLOCK = """
import logging

from neops import *
from neops.devices import ReadsConfig, ReadsFacts, RunsCommands

logger = logging.getLogger(__name__)


class Nothing(FunctionBlockParams): ...


class Told(FunctionBlockResultData):
    said: str
    nested: dict


@register_function_block(Registration(name="tell", package="fb.example.io", version=(1, 0, 0), description="Tell all",
    run_on="device", fb_type="facts", param_cls=Nothing, result_cls=Told, is_pure=True))
class Tell(FunctionBlock[Nothing, Told]):
    async def run(self, params, context):
        device = context.device
        secret = device.password.reveal()
        context.artifacts.save("text.txt", f"text {secret} end")
        context.artifacts.save("binary.bin", b"\\x00\\xff" + secret.encode() + b"\\x00")
        context.progress(1, 2, f"half way with {secret}")
        logger.info("author logs %s", secret)
        logger.warning("author adds", extra={"note": secret, "deep": {"a": [secret]}})
        logger.debug("author debugs " + repr(secret.encode()))
        try:
            plugin = device.hostname.split("-")[0]
            if plugin == "netconf":
                await context.connect(ReadsConfig).get_config()
            elif plugin == "eapi":
                await context.connect(ReadsFacts).get_facts()
            else:
                await context.connect(RunsCommands).send_command("show version")
        except Exception as error:
            logger.exception("it did not answer to %s", secret)
            raise RuntimeError(f"{error} with {secret}") from error
        device.facts["kept"] = {"password": secret, "as": [secret]}
        if device.hostname.endswith("crash"):
            raise RuntimeError(f"crashed with {secret}")
        told = Told(said=secret, nested={secret: [secret]})
        return FunctionBlockResult(success=True, message=f"used {secret}", data=told)
"""

WORKFLOW = """\
package: wf.example.io
name: tell
label: tell
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: device
steps:
  - {type: functionBlock, label: tell, functionBlock: "fb.example.io/tell:1", continueOnError: true}
"""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a run printed and left: by name, the bytes."""

    verbose: bool
    report: Any
    content: Mapping[str, bytes]

    def text(self, name: str) -> str:
        """The one whose name ends so."""
        (found,) = [content for one, content in self.content.items() if one.endswith(name)]
        return found.decode()


@pytest.fixture(scope="module", params=["-vv", "--json"], ids=["verbose", "quiet"])
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "blocks").mkdir()
    (folder / "blocks" / "tell.py").write_text(BLOCK)
    (folder / "tell.yaml").write_text(WORKFLOW)
    with SimulatedNetwork(list(simulated())) as network:
        inventory = write_inventory(network, folder / "inventory")
        command = ["run", "tell.yaml", "--inventory", inventory, "--blocks", "blocks", "--json", request.param]
        done = subprocess.run(
            [sys.executable, "-m", "neops", *command, "--record", "all.jsonl.zst"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "NEOPS_CREDENTIAL_FAILURES": "100"},
            capture_output=True,
            timeout=100,
            check=False,
        )
    files = [file for file in folder.rglob("*") if file.is_file() and not {"inventory", "blocks"} & {*file.parts}]
    content = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    assert b'"devices"' in done.stdout, done.stderr.decode()
    transcript = zstandard.ZstdDecompressor().stream_reader((folder / "all.jsonl.zst").read_bytes()).read()
    return Left(
        verbose=request.param == "-vv",
        report=json.loads(done.stdout),
        content={**content, "stdout": done.stdout, "stderr": done.stderr, "transcript": transcript},
    )


def simulated() -> Iterator[SimulatedDevice]:
    for plugin, (platform, _) in PLUGINS.items():
        for way in WAYS:
            enable = ENABLE if platform in ("cisco_ios", "arista_eos") else ""
            yield SimulatedDevice(
                name=f"{plugin}-{way}",
                platform=platform,
                password=PASSWORD,
                enable_secret=enable,
                answers={"vtysh -c 'show version'": "FRRouting 8.4.4 (r1)."} if plugin == "frr" else {},
            )


def write_inventory(network: SimulatedNetwork, folder: Path) -> str:
    config = network.write_inventory(folder)
    file = config.with_name("hosts.yaml")
    hosts = yaml.safe_load(file.read_text())
    for name, host in hosts.items():
        plugin, way = name.split("-")
        host["platform"] = PLUGINS[plugin][1]
        if way == "wrong":
            host["password"] = WRONG
        options = host.setdefault("connection_options", {})
        if plugin == "netconf":
            options["netconf"] = {"port": host["port"]}
        extras = options.setdefault("neops", {}).setdefault("extras", {})
        extras |= {"plugins": ["napalm" if plugin == "eapi" else plugin], "known_hosts_file": f"{folder}/known_hosts"}
    file.write_text(yaml.safe_dump(hosts, allow_unicode=True))
    return f"nornir:{config}"


def written(secret: str) -> set[bytes]:
    """How a library may write it."""
    texts = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret.encode())[2:-1], escape(secret)}
    return {*(text.encode() for text in texts), base64.b64encode(f"neops:{secret}".encode())}


@pytest.mark.slow
def test_each_plugin_logged_in_was_refused_and_crashed(left: Left) -> None:
    devices = {one["device"]: (one["result"], one["message"]) for one in left.report["devices"]}

    for plugin in PLUGINS:
        assert devices[f"{plugin}-good"][0] == "ok", devices[f"{plugin}-good"]
        assert devices[f"{plugin}-wrong"][0] == "errored"
        assert "refused" in devices[f"{plugin}-wrong"][1]
        assert devices[f"{plugin}-crash"] == ("errored", "tell: RuntimeError: crashed with ********")


@pytest.mark.slow
def test_nothing_that_is_printed_or_left_shows_a_secret(left: Left) -> None:
    shown = {
        (name, form)
        for name, content in left.content.items()
        for secret in (PASSWORD, ENABLE, WRONG)
        for form in written(secret)
        if form in content
    }

    assert not shown


@pytest.mark.slow
def test_what_was_looked_through_is_all_there(left: Left) -> None:
    log = left.text("stderr" if left.verbose else "neops.log")

    assert "author logs ********" in log
    assert "author adds note=********" in log
    assert left.text("text.txt") == "text ******** end"
    assert "show version" in left.text("transcript")
    assert {name.rpartition(".")[2] for name in left.content} >= {"db", "json", "txt", "bin"}
    if left.verbose:
        libraries = {line.split()[2].partition(".")[0] for line in log.splitlines() if " DEBUG " in line}
        assert {"asyncssh", "paramiko", "netmiko", "scrapli"} <= libraries
        assert "author debugs b'********'" in log
