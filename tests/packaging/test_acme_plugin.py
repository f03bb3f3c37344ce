"""An outsider's distribution, installed with pip beside the wheel, where neither can see the checkout."""

import shutil
from pathlib import Path

import pytest

from tests.packaging.clean_environment import CleanEnvironment

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def with_acme(bare: CleanEnvironment, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    source = tmp_path_factory.mktemp("outside") / "acme_plugin"
    shutil.copytree(ROOT / "examples" / "acme_plugin", source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    bare.install(f"{source}[test]")
    shutil.copytree(source / "tests", bare.cwd / "tests")
    shutil.copy(source / "pyproject.toml", bare.cwd)
    return bare


def test_its_own_tests_pass(with_acme: CleanEnvironment) -> None:
    assert " passed" in with_acme.run("python", "-m", "pytest", "-q")


def test_it_is_typed_against_the_published_seam(with_acme: CleanEnvironment) -> None:
    assert "no issues found" in with_acme.run("python", "-m", "mypy")


def test_neops_lists_it(with_acme: CleanEnvironment) -> None:
    listing = with_acme.run("neops", "plugins", "list")

    assert "acme" in listing
    assert "acme_os" in listing
    assert "acme_vault" in listing
