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

import asyncssh
import pytest
import yaml
import zstandard

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

PASSWORD, ENABLE, WRONG = "Unlock/wörd+1 <it>", "Raise'me+2 é", "Wr0ng/wörd+3"
JUMP, PASSPHRASE = "H0p/över+4", "K3y/phräse+5"
SECRETS = (PASSWORD, ENABLE, WRONG, JUMP, PASSPHRASE)

PLUGINS: Mapping[str, tuple[str, str]] = {
    "scrapli": ("cisco_ios", "cisco_ios"),
    "nornir": ("cisco_ios", "cisco_ios"),
    "napalm": ("cisco_ios", "cisco_ios"),
    "frr": ("linux", "frr"),
    "netconf": ("juniper_junos", "juniper_junos"),
    "eapi": ("arista_eos", "arista_eos"),
}
"""Plugin → simulated platform, and what the inventory calls it; `eapi` is NAPALM over HTTP."""
WAYS = ("good", "wrong", "crash", "jump", "nojump")
MORE_WAYS = {"scrapli": ("key", "nokey", "noenable"), "nornir": ("key", "nokey")}
"""Behind a jump host that takes the password, and one that does not; with a key, with a passphrase that does not open
it; with an enable secret that is refused."""

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
    (folder / "inventory").mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(folder / "inventory" / "key", passphrase=PASSPHRASE)
    with SimulatedNetwork(list(simulated(key.export_public_key().decode()))) as network:
        inventory = write_inventory(network, folder / "inventory")
        command = ["run", "tell.yaml", "--inventory", inventory, "--blocks", "blocks", "--json", request.param]
        done = subprocess.run(
            [sys.executable, "-m", "neops", *command, "--record", "all.jsonl.zst"],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "NEOPS_CREDENTIAL_FAILURES": "100",
                "NEOPS_CONNECT_TIMEOUT": "60",
            },
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


def simulated(public_key: str) -> Iterator[SimulatedDevice]:
    yield SimulatedDevice(name="bastion", platform="linux", username="ops", password=JUMP, is_jump_host=True)
    for plugin, (platform, _) in PLUGINS.items():
        for way in (*WAYS, *MORE_WAYS.get(plugin, ())):
            enable = ENABLE if platform in ("cisco_ios", "arista_eos") else ""
            yield SimulatedDevice(
                name=f"{plugin}-{way}",
                platform=platform,
                password=PASSWORD,
                public_keys=(public_key,),
                enable_secret=enable,
                answers={"vtysh -c 'show version'": "FRRouting 8.4.4 (r1)."} if plugin == "frr" else {},
            )


def write_inventory(network: SimulatedNetwork, folder: Path) -> str:
    config = network.write_inventory(folder)
    file = config.with_name("hosts.yaml")
    hosts = yaml.safe_load(file.read_text())
    del hosts["bastion"]
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
        if way.endswith("jump"):
            password = JUMP if way == "jump" else WRONG
            hop = {"host": "127.0.0.1", "port": network["bastion"].port, "username": "ops", "password": password}
            extras["jump_hosts"] = [hop]
        if way.endswith("key"):
            extras |= {"private_key": f"{folder}/key", "passphrase": PASSPHRASE if way == "key" else WRONG}
        if way == "noenable":
            without(options, ENABLE)
            extras["enable_secret"] = WRONG
    file.write_text(yaml.safe_dump(hosts, allow_unicode=True))
    return f"nornir:{config}"


def without(options: dict[str, Any], secret: str) -> None:
    """Take a value out, wherever it stands."""
    for key, value in tuple(options.items()):
        if value == secret:
            del options[key]
        elif isinstance(value, dict):
            without(value, secret)


def written(secret: str) -> set[bytes]:
    """How a library may write it."""
    texts = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret.encode())[2:-1], escape(secret)}
    encoded = (base64.b64encode(text.encode()) for text in (secret, f"neops:{secret}", f"ops:{secret}"))
    return {*(text.encode() for text in texts), *encoded, secret.encode().hex().encode()}


@pytest.mark.slow
def test_each_plugin_logged_in_was_refused_and_crashed(left: Left) -> None:
    devices = {one["device"]: (one["result"], one["message"]) for one in left.report["devices"]}

    for plugin in PLUGINS:
        assert devices[f"{plugin}-good"][0] == "ok", devices[f"{plugin}-good"]
        assert devices[f"{plugin}-wrong"][0] == "errored"
        assert "refused" in devices[f"{plugin}-wrong"][1]
        assert devices[f"{plugin}-crash"][0] == "errored"
        assert devices[f"{plugin}-crash"][1].startswith("tell: RuntimeError: crashed with ********")
        assert devices[f"{plugin}-jump"][0] == "ok", devices[f"{plugin}-jump"]
        assert "jump host ops@127.0.0.1" in devices[f"{plugin}-nojump"][1]
    for plugin in MORE_WAYS:
        assert devices[f"{plugin}-key"][0] == "ok", devices[f"{plugin}-key"]
        assert "/key cannot be used: its passphrase is missing or wrong" in devices[f"{plugin}-nokey"][1]
    assert "refused the enable secret" in devices["scrapli-noenable"][1]


@pytest.mark.slow
def test_nothing_that_is_printed_or_left_shows_a_secret(left: Left) -> None:
    shown = {
        (name, form)
        for name, content in left.content.items()
        for secret in SECRETS
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
