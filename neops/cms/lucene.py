"""luqum's lexer and parser, with the tables that luqum ships."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ply import yacc


@contextmanager
def _shipped_tables() -> Iterator[None]:
    """Take tables as they are, and write none.

    luqum 1.0 writes its grammar in docstrings, and Python 3.13 takes the indentation off docstrings. So PLY 3.11 holds
    the tables for outdated: every process would work them out anew (0.3 s), say so on stderr and write them into
    site-packages.
    """
    build = yacc.yacc
    yacc.yacc = partial(build, optimize=True, write_tables=False, debug=False)
    try:
        yield
    finally:
        yacc.yacc = build


with _shipped_tables():
    from luqum.parser import lexer, parser

__all__ = ["lexer", "parser"]
