"""What is inside the wheel."""

import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE_FOLDERS = (ROOT, ROOT / "plugins", ROOT / "inventory_adapters")

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def names(wheel: Path) -> frozenset[PurePosixPath]:
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(PurePosixPath(name) for name in archive.namelist())


def test_site_packages_gets_neops_packages_only(names: frozenset[PurePosixPath]) -> None:
    top = {name.parts[0] for name in names if not name.parts[0].endswith(".dist-info")}

    assert {name for name in top if name != "neops" and not name.startswith("neops_")} == set()


def test_every_package_folder_of_the_checkout_is_in_the_wheel(names: frozenset[PurePosixPath]) -> None:
    packages = {init.parent.name for folder in PACKAGE_FOLDERS for init in folder.glob("neops*/__init__.py")}

    assert packages == {name.parts[0] for name in names if name.name == "__init__.py" and len(name.parts) == 2}


def test_every_file_of_a_package_is_in_the_wheel(names: frozenset[PurePosixPath]) -> None:
    sources = {
        PurePosixPath(file.relative_to(folder))
        for folder in PACKAGE_FOLDERS
        for package in folder.glob("neops*/__init__.py")
        for file in package.parent.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert sources - names == set()


def test_every_package_says_that_it_is_typed(names: frozenset[PurePosixPath]) -> None:
    packages = {name.parts[0] for name in names if not name.parts[0].endswith(".dist-info")}

    assert {package for package in packages if PurePosixPath(package, "py.typed") not in names} == set()


def test_the_wheel_declares_the_entry_points_of_the_project(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        declared = archive.read(name).decode()

    for group, points in {**project["entry-points"], "console_scripts": project["scripts"]}.items():
        assert f"[{group}]" in declared
        assert all(f"{key} = {target}" in declared for key, target in points.items())
