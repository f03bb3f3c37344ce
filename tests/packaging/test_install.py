"""The wheel in a clean environment, without extras."""

from pathlib import Path

import pytest

from tests.packaging.clean_environment import CleanEnvironment

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]

VENDOR_LIBRARIES = ("scrapli", "napalm", "netmiko", "nornir", "paramiko", "asyncssh")


def test_the_command_tells_its_version(bare: CleanEnvironment, wheel: Path) -> None:
    version = wheel.name.split("-")[1]

    assert version in bare.run("neops", "--version")


def test_neops_alone_pulls_in_no_vendor_library(bare: CleanEnvironment) -> None:
    installed = bare.run_script(
        f"from importlib.util import find_spec\nprint([n for n in {VENDOR_LIBRARIES} if find_spec(n)])"
    )

    assert installed.strip() == "[]"


def test_the_engine_imports_without_extras(bare: CleanEnvironment) -> None:
    bare.run_script("import neops.engine.app")


def test_plugins_list_says_which_extras_to_install(bare: CleanEnvironment) -> None:
    listing = " ".join(bare.run("neops", "plugins", "list").split())

    for extra in ("scrapli", "napalm", "netmiko"):
        assert f"pip install 'neops[{extra}]'" in listing
