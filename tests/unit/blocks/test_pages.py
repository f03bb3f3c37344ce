"""The code of the pages for block authors runs, and its tests pass."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from neops.blocks import discover

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = Path(__file__).parents[3] / "examples" / "first_block"
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """All Python of a page, as one module."""

    def load(page: str) -> ModuleType:
        file = tmp_path / f"{Path(page).stem.replace('-', '_')}.py"
        file.write_text("\n".join(FENCE.findall((DOCS / page).read_text())))
        spec = spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_the_code_of_write_a_block_runs_and_its_tests_pass(load: Load) -> None:
    module = load("how-to/write-a-block.md")

    plain = [
        test
        for name, test in vars(module).items()
        if name.startswith("test_") and not inspect.signature(test).parameters
    ]
    assert len(plain) == 2
    for test in plain:
        test()


def test_the_code_of_port_a_block_can_be_imported(load: Load) -> None:
    pytest.importorskip("netmiko")

    assert load("how-to/port-a-block.md").Banner


def test_the_page_shows_the_block_of_the_example() -> None:
    page, example = (DOCS / "how-to/write-a-block.md").read_text(), (EXAMPLE / "show_version.py").read_text()

    body = example[example.index("facts = await") :]
    assert [line.strip() for line in body.splitlines() if line.split("  #")[0].strip() not in page] == []


def test_the_example_directory_can_be_given_to_a_worker() -> None:
    discovery = discover([EXAMPLE], installed=[])

    assert (list(discovery.registry), discovery.broken) == (["fb.example.io/show_version:1.0.0"], ())
