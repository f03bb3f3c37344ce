"""`neops cms` as an operator calls it."""

from __future__ import annotations

import asyncio
import json
import queue
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from neops.cli.cms_database import open_database
from neops.cli.main import app
from neops.cms import Author, apply_updates
from neops.engine.app import Engine
from neops.entities import EntityPatch, EntityType
from neops.errors import UsageError
from neops.settings import EngineSettings
from tests.integration.cms.netbox_server import FakeNetBox

Command = Callable[..., Result]

NETWORK = """
groups:
  - {name: core, username: ops, facts: {tier: 1, site: {name: zrh}}}
devices:
  - {hostname: r1, ip: 192.0.2.1, platform: cisco_ios, password: hunter2, groups: [core], facts: {as: 1, role: core}}
  - {hostname: sw1, ip: 192.0.2.3, platform: arista_eos, facts: {role: access}}
"""


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'neops.db'}"


@pytest.fixture(params=["database", "url"])
def place(request: pytest.FixtureRequest, database: str) -> Iterator[list[str]]:
    """Options that name a CMS: a file, or an engine that runs on that file."""
    if request.param == "database":
        yield ["--database", database]
        return
    with running_engine(EngineSettings(database=database, auth=False, port=0)) as url:
        yield ["--url", url]


@pytest.fixture
def cms(place: list[str]) -> Command:
    def call(*arguments: str, expected: int = 0) -> Result:
        result = CliRunner().invoke(app, ["cms", *arguments, *place], env={"COLUMNS": "120"})
        assert result.exit_code == expected, result.output
        return result

    return call


@contextmanager
def running_engine(settings: EngineSettings) -> Iterator[str]:
    """An engine in a thread of its own; its URL."""
    listening: queue.SimpleQueue[tuple[str, Callable[[], object]]] = queue.SimpleQueue()

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with Engine.open(settings) as engine:
            listening.put((await engine.serve(), lambda: loop.call_soon_threadsafe(stop.set)))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=[serve()], name="engine")
    thread.start()
    url, stop = listening.get(timeout=30)
    try:
        yield url
    finally:
        stop()
        thread.join(30)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.yaml"
    path.write_text(NETWORK)
    return path


@pytest.fixture
def filled(cms: Command, network: Path) -> Command:
    cms("import", f"yaml:{network}")
    return cms


def test_an_import_counts_and_its_repetition_changes_nothing(cms: Command, network: Path) -> None:
    first, second = cms("import", f"yaml:{network}"), cms("import", f"yaml:{network}")

    assert first.stdout == "3 created, 0 changed, 0 unchanged\n"
    assert second.stdout == "0 created, 0 changed, 3 unchanged\n"


def test_a_dry_run_shows_what_would_change_and_changes_nothing(filled: Command, network: Path) -> None:
    network.write_text(NETWORK.replace("192.0.2.3", "192.0.2.33").replace("role: access", "role: edge"))

    shown = filled("import", f"yaml:{network}", "--dry-run").stdout

    assert shown.splitlines() == [
        "~ device sw1",
        "    ip: 192.0.2.3 → 192.0.2.33",
        "    facts.role: access → edge",
        "nothing was written: 0 created, 1 changed, 2 unchanged",
    ]
    assert json.loads(filled("list", "devices", "hostname:sw1", "--json").stdout)[0]["ip"] == "192.0.2.3"


def test_a_dry_run_shows_the_same_as_the_import_after_it(cms: Command, network: Path) -> None:
    arguments = ["import", f"yaml:{network}", "--json"]
    shown, done = (json.loads(cms(*arguments, *more).stdout) for more in (["--dry-run"], []))

    assert (shown.pop("dryRun"), done.pop("dryRun")) == (True, False)
    for change in (*shown["changes"], *done["changes"]):
        change.pop("at")
    assert shown == done
    assert {(change["entity"], change["name"]) for change in done["changes"]} == {
        ("platform", "arista_eos"),
        ("platform", "cisco_ios"),
        ("group", "core"),
        ("device", "r1"),
        ("device", "sw1"),
    }


def test_devices_that_are_gone_are_told_of_and_deleted_on_request(filled: Command, network: Path) -> None:
    network.write_text("".join(line for line in NETWORK.splitlines(keepends=True) if "sw1" not in line))
    source = f"yaml:{network}"

    told = filled("import", source)
    tried = filled("import", source, "--prune", "--dry-run")
    before = filled("list", "devices").stdout
    pruned = filled("import", source, "--prune")

    assert told.stdout == "0 created, 0 changed, 2 unchanged\n"
    assert told.stderr == f"Gone from {source}, and left alone (--prune deletes): sw1\n"
    assert tried.stdout == "- device sw1\nnothing was written: 0 created, 0 changed, 2 unchanged, 1 deleted\n"
    assert "sw1" in before
    assert pruned.stdout == "0 created, 0 changed, 2 unchanged, 1 deleted\n"
    assert "sw1" not in filled("list", "devices").stdout
    assert filled("history", "device", "sw1").stdout.splitlines()[0].endswith(f"import {source}  deleted")
    assert filled("import", source).stderr == ""


def test_what_others_have_too_is_not_deleted(filled: Command, network: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("devices: [{hostname: sw1}, {hostname: sw2}]")
    filled("import", f"yaml:{other}")
    other.write_text("devices: [{hostname: sw2}]")

    tried = filled("import", f"yaml:{other}", "--prune", "--dry-run").stdout
    pruned = filled("import", f"yaml:{other}", "--prune").stdout

    assert tried.endswith("0 deleted\n")
    assert pruned.endswith("0 deleted\n")
    filled("get", "device", "sw1")


@pytest.mark.parametrize(("content", "problem"), [("devices: []", "no devices at all"), ("devices: 3", "is no list")])
def test_nothing_is_deleted_because_of_a_source_that_is_empty_or_broken(
    filled: Command, network: Path, content: str, problem: str
) -> None:
    network.write_text(content)

    error = filled("import", f"yaml:{network}", "--prune", expected=1).exception

    assert problem in str(error)
    assert "sw1" in filled("list", "devices").stdout


def test_a_list_shows_what_a_query_finds(filled: Command) -> None:
    shown = filled("list", "devices", "groups.name:core AND facts.tier:1").stdout

    assert "r1" in shown
    assert "sw1" not in shown
    assert "core" in filled("list", "groups").stdout
    assert "arista_eos" in filled("list", "platforms").stdout


@pytest.mark.parametrize("limit", [1, 2])
def test_a_list_that_is_cut_says_so(filled: Command, limit: int) -> None:
    found = filled("list", "devices", "--sort", "hostname:desc", "--limit", str(limit), "--json")

    assert [one["hostname"] for one in json.loads(found.stdout)] == ["sw1", "r1"][:limit]
    assert ("There are more than 1" in found.stderr) == (limit == 1)


def test_one_device_is_shown_with_all_that_is_known(filled: Command) -> None:
    lines = filled("get", "device", "r1").stdout.splitlines()

    shown = {name: value.strip() for name, value in (line.split(maxsplit=1) for line in lines)}
    assert (shown["ip"], shown["platform"], shown["groups"]) == ("192.0.2.1", "cisco_ios", "core")
    assert (shown["username"], shown["facts.role"], shown["facts.tier"]) == ("ops", "core", "1")
    assert shown["facts.site"] == '{"name": "zrh"}'
    assert json.loads(filled("get", "devices", "r1", "--json").stdout)["hostname"] == "r1"
    assert "hunter2" not in filled("get", "device", "r1", "--json").stdout
    assert json.loads(filled("get", "platform", "cisco_ios", "--json").stdout)["shortName"] == "cisco_ios"


def test_an_interface_is_told_from_its_namesakes_by_its_device(cms: Command, network: Path) -> None:
    ports = "interfaces: [{name: eth0, description: to %s}]}"
    network.write_text(
        NETWORK.replace("role: core}}", f"role: core}}, {ports % 'sw1'}").replace(
            "role: access}}", f"role: access}}, {ports % 'r1'}"
        )
    )
    cms("import", f"yaml:{network}")

    error = cms("get", "interface", "eth0", expected=1).exception
    shown = cms("get", "interface", "eth0", "--device", "sw1").stdout

    assert str(error) == "2 devices have an interface 'eth0': say which with --device"
    assert "to r1" in shown
    assert cms("list", "interfaces", "device.hostname:r1").stdout.count("eth0") == 1


def test_an_interface_is_found_among_thousands_of_its_name(cms: Command, network: Path) -> None:
    devices = [{"hostname": f"sw{number}", "interfaces": [{"name": "eth0"}]} for number in range(1005)]
    network.write_text(json.dumps({"devices": devices}))
    cms("import", f"yaml:{network}")

    assert "sw1004" in cms("get", "interface", "eth0", "--device", "sw1004").stdout


def test_history_and_diff_tell_what_a_run_changed(filled: Command, database: str) -> None:
    patch = EntityPatch(entity=EntityType.DEVICE, id=1, path="software_release", value="17.3")
    with open_database(database) as opened:
        opened.write(lambda connection, now: apply_updates(connection, [patch], now, Author(name="alice", run="run-7")))

    history = filled("history", "device", "r1").stdout.splitlines()
    diff = filled("diff", "--run", "run-7").stdout.splitlines()

    assert history[0].endswith("alice  run run-7  changed")
    assert history[1] == "    software_release: nothing → 17.3"
    assert "import yaml:" in history[2]
    assert diff == ["~ device r1", "    software_release: nothing → 17.3"]


@pytest.mark.parametrize(("form", "target"), [("yaml", "out.yaml"), ("csv", "out.csv"), ("nornir", "out")])
def test_what_was_exported_can_be_imported_without_a_change(
    filled: Command, tmp_path: Path, form: str, target: str
) -> None:
    filled("export", form, str(tmp_path / target), "--credentials")

    count = 2 if form == "csv" else 3  # groups are in no CSV
    assert filled("import", f"{form}:{tmp_path / target}").stdout == f"0 created, 0 changed, {count} unchanged\n"


def test_an_export_leaves_credentials_out_and_says_so(filled: Command, tmp_path: Path) -> None:
    result = filled("export", "csv", str(tmp_path / "out.csv"))

    assert "hunter2" not in (tmp_path / "out.csv").read_text()
    assert "--credentials" in result.stderr


@pytest.mark.parametrize(("form", "files"), [("yaml", ["out"]), ("nornir", ["out/hosts.yaml", "out/defaults.yaml"])])
def test_files_with_credentials_are_readable_by_their_owner_only(
    filled: Command, tmp_path: Path, form: str, files: list[str]
) -> None:
    for file in files:  # as they are of an older export, made by hand
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("old")
        (tmp_path / file).chmod(0o644)
    beside = (tmp_path / files[0]).parent / "README"
    beside.write_text("mine")

    filled("export", form, str(tmp_path / "out"), "--credentials")

    assert beside.read_text() == "mine"
    assert {stat.S_IMODE((tmp_path / file).stat().st_mode) & 0o077 for file in files} == {0}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["import", "toaster:x"], "adapters installed: csv:…, netbox:…, nornir:…, yaml:…"),
        (["list", "devices", "hostnam:r1"], "did you mean 'hostname'"),
        (["list", "devices", "--sort", "colour"], "sort 'colour'"),
        (["list", "platforms", "x"], "have no queries"),
        (["get", "device", "r1", "--device", "r1"], "--device is for interfaces"),
        (["export", "toaster", "x"], "write one of csv, nornir, yaml"),
        (["export", "csv", "/no/such/folder/x.csv"], "cannot write /no/such/folder/x.csv: No such file or directory"),
        (["export", "csv", "/tmp"], "cannot write /tmp: "),
        (["export", "nornir", __file__], "cannot write "),
    ],
)
def test_wrong_usage_is_one_sentence(filled: Command, arguments: list[str], problem: str) -> None:
    error = filled(*arguments, expected=1).exception

    assert isinstance(error, UsageError)
    assert problem in str(error)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["get", "device", "r99"], "there is no device 'r99'"),
        (["history", "device", "r99"], "nothing is known about a device 'r99'"),
    ],
)
def test_a_name_that_is_not_known_is_no_wrong_usage(filled: Command, arguments: list[str], problem: str) -> None:
    error = filled(*arguments, expected=1).exception

    assert str(error) == problem
    assert not isinstance(error, UsageError)


def test_a_kind_that_there_is_not_names_those_that_there_are(cms: Command) -> None:
    assert "devices, groups, interfaces, platforms" in cms("list", "toasters", expected=2).output.replace("\n", " ")


@pytest.mark.parametrize("place", ["database"], indirect=True)
def test_a_database_that_is_not_there_is_not_made_by_looking(cms: Command, tmp_path: Path) -> None:
    error = cms("list", "devices", expected=1).exception

    assert "neops cms import" in str(error)
    assert not (tmp_path / "data").exists()


def list_devices(*options: str, **environment: str | None) -> BaseException | None:
    result = CliRunner().invoke(app, ["cms", "list", "devices", *options], env=environment)
    assert result.exit_code == 1
    return result.exception


def test_an_engine_that_is_not_there_is_one_clear_line() -> None:
    error = list_devices("--url", "http://ops:s3cret@127.0.0.1:9")

    assert str(error) == (
        "the engine http://127.0.0.1:9 cannot be reached: Connection refused; is it running there? "
        "(--url, URL_BLACKBOARD)"
    )


def test_something_else_that_answers_is_no_engine() -> None:
    with FakeNetBox(devices=0).served() as url:
        error = list_devices("--url", url)

    assert "is no neops engine" in str(error)


def test_the_engine_of_the_environment_is_asked_unless_a_database_is_named(tmp_path: Path) -> None:
    engine, database = "http://127.0.0.1:9", f"sqlite:///{tmp_path / 'neops.db'}"

    assert "127.0.0.1:9 cannot be reached" in str(list_devices(URL_BLACKBOARD=engine, NEOPS_DATABASE=None))
    assert "there is no database" in str(list_devices(URL_BLACKBOARD=engine, NEOPS_DATABASE=database))
    assert "there is no database" in str(list_devices("--database", database, URL_BLACKBOARD=engine))
    assert "name one of them" in str(list_devices("--database", database, "--url", engine))
    assert "URL_BLACKBOARD=ftp://x" in str(list_devices("--url", "ftp://x"))


def test_a_new_database_is_readable_by_its_owner_only(filled: Command, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "data" / "neops.db").stat().st_mode) & 0o077 == 0


def test_times_are_those_of_the_change(filled: Command) -> None:
    (created,) = json.loads(filled("history", "device", "r1", "--json").stdout)

    assert abs((datetime.fromisoformat(created["at"]) - datetime.now(UTC)).total_seconds()) < 60
