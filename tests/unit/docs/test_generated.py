from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.docs.generated import PAGES


@pytest.mark.parametrize(("page", "render"), PAGES.items(), ids=[page.name for page in PAGES])
def test_a_generated_page_is_what_the_code_says(page: Path, render: Callable[[], str]) -> None:
    assert page.read_text() == render(), "run `make docs`"
