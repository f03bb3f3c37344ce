import subprocess
import sys

import pytest
from typer.testing import CliRunner

from neops.cli.commands import COMMANDS
from neops.cli.main import app

TYPED = """
import contextlib, os, sys
from neops.cli.main import main
for line in {lines!r}:
    sys.argv = ["neops", *line.split()]
    with contextlib.suppress(SystemExit):
        main()
for line in {lines!r}:
    words = ["neops", *line.split(), "-"]
    os.environ.update(_NEOPS_COMPLETE="complete_bash", COMP_WORDS=" ".join(words), COMP_CWORD=str(len(words) - 1))
    with contextlib.suppress(SystemExit):
        main()
print(*sys.modules, file=sys.stderr)
"""
ROOMS = {"blocks", "cms", "devices", "engine", "entities", "library", "protocol", "settings", "testing", "worker"}
LIBRARIES = {
    *("aiohttp", "alembic", "asyncssh", "fastapi", "hier_config", "jsonschema", "luqum", "netutils", "ntc_templates"),
    *("prometheus_client", "sqlalchemy", "starlette", "stevedore", "textfsm", "uvicorn", "yaml"),
}
VENDORS = {"napalm", "netmiko", "nornir", "paramiko", "scrapli"}


def modules_after(code: str) -> set[str]:
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    return set(printed.splitlines()[-1].split())


def imported(*rooms: str) -> set[str]:
    """What these modules of `neops.cli` bring with them: names of packages, and of what is at the top of them."""
    names = ", ".join(f"neops.cli.{room}" for room in rooms)
    loaded = modules_after(f"import sys, {names}; print(*sys.modules, file=sys.stderr)")
    return {name.partition(".")[0] for name in loaded} | {".".join(name.split(".")[:2]) for name in loaded}


def test_help_lists_every_command_in_order() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output

    rows = [line.split() for line in shown[shown.index("Commands") :].splitlines()]
    assert [row[1] for row in rows if len(row) > 2 and row[1] in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page_of_its_own(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "-h"])

    assert shown.exit_code == 0
    assert f" {name} [OPTIONS]" in shown.output
    assert "completion" not in shown.output


def test_an_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["wash"]).exit_code == 2


def test_help_and_completion_import_nothing_that_commands_work_with() -> None:
    lines = ["--help", "wash", *(f"{name} --help" for name in COMMANDS), "cms list --help", "plugins matrix --help"]

    loaded = modules_after(TYPED.format(lines=lines))

    assert {f"neops.cli.commands.{name}" for name in ("workflows", "servers", "cms")} <= loaded
    assert not {f"neops.{room}" for room in ROOMS} & loaded
    assert not (LIBRARIES | VENDORS) & loaded


def test_a_worker_carries_no_engine_no_web_server_and_no_vendor_library() -> None:
    engine = {"neops.engine", "neops.cms", "fastapi", "sqlalchemy", "alembic", "uvicorn", "jsonschema", "luqum"}

    assert not imported("worker") & (engine | {"aiohttp.web"} | VENDORS)


def test_an_engine_carries_no_worker_and_no_device_library() -> None:
    worker = {"neops.blocks", "neops.devices", "neops.library", "neops.worker", "aiohttp", "asyncssh", "stevedore"}

    assert not imported("engine") & (worker | {"alembic"} | VENDORS)


def test_a_run_carries_no_simulator_and_no_vendor_library_before_it_reaches_a_device() -> None:
    others = {"neops.testing", "aiohttp.web", "alembic", "asyncssh", "ntc_templates", "textfsm"}

    assert not imported("workflows") & (others | VENDORS)


def test_what_looks_at_devices_and_plugins_carries_neither_engine_nor_cms_nor_worker() -> None:
    others = {"neops.blocks", "neops.cms", "neops.engine", "neops.protocol", "neops.worker", "sqlalchemy", "aiohttp"}

    assert not imported("detect", "plugins", "matrix", "transcripts") & (others | VENDORS)


def test_what_looks_at_a_cms_carries_no_server_no_worker_and_no_devices() -> None:
    servers = {"fastapi", "starlette", "uvicorn", "aiohttp", "neops.worker"}
    others = {"alembic", "jsonschema", "stevedore", "neops.blocks", "neops.devices"}

    assert not imported("cms", "cms_local") & (servers | others)


def test_a_command_that_ends_leaves_what_it_imported_to_the_system() -> None:
    code = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_freeze_count() > 10_000))
from neops.cli.main import main
sys.argv = ["neops", "--version"]
main()
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.split()[-1] == "True"
