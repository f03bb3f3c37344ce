from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from neops.blocks import Discovery, discover
from neops.errors import RegistrationInvalid, SettingsInvalid

BLOCK = """
from neops.blocks import *

class Params(FunctionBlockParams): pass
class Data(FunctionBlockResultData): pass

@register_function_block(Registration(name="{name}", package="fb.test.io", version=(1, 0, 0), description="d",
    run_on="device", fb_type="none", param_cls=Params, result_cls=Data))
class {cls}(FunctionBlock[Params, Data]):
    async def run(self, params, context): return FunctionBlockResult(success=True)
"""

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def import_state() -> Iterator[None]:
    """Discovery imports modules and extends sys.path: undo both."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the directory of blocks; without text it holds a block named after the file."""

    def to(relative: str, text: str | None = None, name: str | None = None) -> Path:
        file = tmp_path / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(BLOCK.format(name=name or file.stem, cls="Block") if text is None else text)
        return file

    return to


@pytest.fixture
def found(tmp_path: Path) -> Callable[[], Discovery]:
    return lambda: discover([tmp_path], installed=[])


def names(discovery: Discovery) -> list[str]:
    return [identifier.removeprefix("fb.test.io/").removesuffix(":1.0.0") for identifier in discovery.registry]


def test_blocks_are_found_in_all_files_below_a_directory(write: Write, found: Callable[[], Discovery]) -> None:
    write("a.py")
    write("deep/er/b.py")

    discovery = found()

    assert names(discovery) == ["a", "b"]
    assert discovery.broken == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def broken(:", "SyntaxError"),
        ("import a_library_nobody_has", "ModuleNotFoundError: No module named 'a_library_nobody_has'"),
        ("import sys; sys.exit(2)", "SystemExit: 2"),
        (BLOCK.format(name="half", cls="Half") + "\n1 / 0", "ZeroDivisionError"),
        (BLOCK.replace('"device"', '"router"').format(name="bad", cls="Bad"), "run_on 'router'"),
    ],
    ids=["syntax", "import", "exit", "late", "registration"],
)
def test_a_broken_file_is_reported_and_the_others_are_kept(
    text: str, error: str, write: Write, found: Callable[[], Discovery]
) -> None:
    bad = write("bad.py", text)
    write("good.py")

    discovery = found()

    assert names(discovery) == ["good"]
    (broken,) = discovery.broken
    assert broken.source == str(bad)
    assert error in broken.error
    assert "bad.py, line " in broken.error
    assert f'File "{bad}", line ' in broken.traceback
    assert "importlib" not in broken.traceback


def test_two_blocks_with_one_identifier_name_both_files(write: Write, found: Callable[[], Discovery]) -> None:
    first, second = write("first.py", name="same"), write("second.py", name="same")

    with pytest.raises(RegistrationInvalid) as refused:
        found()

    assert str(first) in str(refused.value)
    assert str(second) in str(refused.value)


def test_a_second_class_of_the_same_name_in_one_file_is_noticed(write: Write, found: Callable[[], Discovery]) -> None:
    write("twice.py", BLOCK.format(name="same", cls="Block") * 2)

    with pytest.raises(RegistrationInvalid, match="two blocks are called"):
        found()


def test_two_directories_may_have_files_of_the_same_name(write: Write, tmp_path: Path) -> None:
    write("one/facts.py", name="one")
    write("two/facts.py", name="two")

    discovery = discover([tmp_path / "one", tmp_path / "two"], installed=[])

    assert names(discovery) == ["one", "two"]


@pytest.mark.parametrize("line", ["from .shared.names import NAME", "from shared.names import NAME"])
def test_files_may_import_each_other(line: str, write: Write, found: Callable[[], Discovery]) -> None:
    write("shared/names.py", "NAME = 'probe'")
    write("a.py", line + BLOCK.replace('"{name}"', "NAME").format(cls="Block"))

    assert names(found()) == ["probe"]


@pytest.mark.parametrize("line", ["from .names import NAME", "from mine.names import NAME", "from names import NAME"])
def test_a_directory_may_be_a_package(line: str, write: Write, tmp_path: Path) -> None:
    write("mine/__init__.py", "LOADED = True")
    write("mine/names.py", "NAME = 'probe'")
    write("mine/a.py", line + BLOCK.replace('"{name}"', "NAME").format(cls="Block"))

    discovery = discover([tmp_path / "mine"], installed=[])

    assert (names(discovery), discovery.broken) == (["probe"], ())


@pytest.mark.parametrize("line", ["from .z_base import Block", "from z_base import Block"])
def test_a_block_that_another_file_imports_is_found_once(
    line: str, write: Write, found: Callable[[], Discovery]
) -> None:
    write("a_user.py", line)
    write("z_base.py", name="base")

    assert names(found()) == ["base"]


def test_a_file_may_be_named_like_a_module_of_the_standard_library(
    write: Write, found: Callable[[], Discovery]
) -> None:
    write("json.py")
    write("uses.py", "import json\njson.dumps(1)")

    assert (names(found()), found().broken) == (["json"], ())


def test_tests_hidden_directories_and_environments_are_left_out(write: Write, found: Callable[[], Discovery]) -> None:
    write("test_block.py")
    write("conftest.py")
    write(".git/hook.py")
    write("env/pyvenv.cfg", "")
    write("env/lib/block.py")

    assert names(found()) == []


def test_one_file_may_be_named(write: Write) -> None:
    file = write("a.py")
    write("b.py")

    assert names(discover([file], installed=[])) == ["a"]


def test_a_changed_file_is_read_again(write: Write, found: Callable[[], Discovery]) -> None:
    write("a.py", name="before")
    before = names(found())
    write("a.py", name="afterwards")

    assert (before, names(found())) == (["before"], ["afterwards"])


def test_a_directory_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"no such directory of function blocks: .*nowhere"):
        discover([tmp_path / "nowhere"], installed=[])


def test_importing_a_block_module_elsewhere_has_no_effect(write: Write, found: Callable[[], Discovery]) -> None:
    write("a.py")
    before = len(found().registry)
    __import__("a")

    assert len(found().registry) == before


def test_installed_packages_offer_what_all_their_modules_hold(write: Write, tmp_path: Path) -> None:
    write("acme_blocks/__init__.py", "")
    write("acme_blocks/one.py")
    write("acme_blocks/deep/__init__.py", "")
    write("acme_blocks/deep/two.py")
    write("acme_blocks/bad.py", "1 / 0")
    sys.path.append(str(tmp_path))
    entry_point = EntryPoint(name="acme", value="acme_blocks", group="neops.function_blocks")

    discovery = discover(installed=[entry_point])
    again = discover(installed=[entry_point])

    assert sorted(names(discovery)) == sorted(names(again)) == ["one", "two"]
    assert [broken.source for broken in discovery.broken] == ["acme = acme_blocks (acme_blocks.bad)"]


def test_a_package_that_is_not_there_is_reported() -> None:
    gone = EntryPoint(name="gone", value="gone_blocks", group="neops.function_blocks")

    assert [broken.error for broken in discover(installed=[gone]).broken] == [
        "ModuleNotFoundError: No module named 'gone_blocks'"
    ]


def test_a_file_that_is_reached_twice_is_read_once(write: Write, tmp_path: Path) -> None:
    write("deep/a.py")

    discovery = discover([tmp_path, tmp_path / "deep", tmp_path], installed=[])

    assert names(discovery) == ["a"]
