"""The documentation's links lead somewhere and its Python compiles."""

import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")], key=lambda page: page.as_posix()
)

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```\s*$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
_PATH = re.compile(r"`(?P<path>(?:\.ci|docs|examples|inventory_adapters|neops|plugins|tests)/[\w./*-]+)`")
_HEADING = re.compile(r"^#+ +(?P<text>.+?) *#*$", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives to a page's headings."""
    headings = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", match["text"]) for match in _HEADING.finditer(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    for match in _LINK.finditer(prose(page)):
        target, _, anchor = match["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield match["target"]


@each_page
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


@each_page
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = [match["path"] for match in _PATH.finditer(prose(page))]

    assert [path for path in named if not any([*ROOT.glob(path), *page.parent.glob(path)])] == []


@each_page
def test_every_python_block_of_a_page_compiles(page: Path) -> None:
    for match in _FENCE.finditer(page.read_text()):
        if match["language"] in {"python", "py"}:
            compile(match["body"], f"{page.name}:{match['body'][:40]!r}", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_index_leads_to_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if page != DOCS / "README.md"]

    assert [page for page in pages if f"({page})" not in index] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
