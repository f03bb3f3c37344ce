import subprocess
import sys

import pytest
from typer.testing import CliRunner

from neops.cli.commands import COMMANDS
from neops.cli.main import app

LOADED = """
import sys
from neops.cli.commands import Commands
Commands().get_command(None, {name!r})
print([module for module in {modules!r} if module in sys.modules])
"""


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


@pytest.mark.slow
def test_a_worker_carries_no_engine_and_no_vendor_library() -> None:
    heavy = ["neops.engine", "fastapi", "sqlalchemy", "alembic", "uvicorn", "jsonschema", "scrapli", "napalm", "nornir"]
    code = LOADED.format(name="worker", modules=heavy)

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"


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
