"""Query strings as luqum's tree, with the other spellings of Elasticsearch's operators: `&&`, `||` and `!`."""

from __future__ import annotations

from typing import Any, Final

from luqum import tree
from luqum.exceptions import IllegalCharacterError, ParseSyntaxError

from neops.cms.lucene import lexer, parser
from neops.errors import QueryInvalid

DEPTH_MAX: Final = 30
"""SQLite's parser keeps 100 open symbols (YYSTACKDEPTH, SQLite 3.40); a level is two or three of them."""

_OPERATORS: Final = {"&&": "AND_OP", "||": "OR_OP"}
_OPEN: Final = {'"': "the quote is not closed", "\\": "nothing follows it"}


def parse(query: str) -> tree.Item:
    """The tree of a query string.

    Raises:
        QueryInvalid: a syntax error, or too many parentheses in one another.
    """
    tokens = _Tokens()
    try:
        parsed: tree.Item = parser.parse(query, lexer=tokens)
    except IllegalCharacterError:
        char = query[tokens.position]
        reason = _OPEN.get(char, "a value with it goes in quotes")
        raise QueryInvalid(query, f"unexpected {char!r}: {reason}", tokens.position) from None
    except ParseSyntaxError:
        raise _unexpected(query, tokens.last) from None
    if (deep := _too_deep(parsed)) is not None:
        raise QueryInvalid(query, f"it is nested more than {DEPTH_MAX} deep", deep.pos)
    return parsed


class _Tokens:
    """The tokens of one query. luqum's own lexer is one for the process: threads would read one another's queries."""

    def __init__(self) -> None:
        self._lexer = lexer.clone()
        self.last: Any = None

    @property
    def position(self) -> int:
        return int(self._lexer.lexpos)

    def input(self, text: str) -> None:
        self._lexer.input(text)

    def token(self) -> Any:
        token = self.last = self._lexer.token()
        if token is not None and token.type == "TERM":
            self._take_operator(token)
        return token

    def _take_operator(self, token: Any) -> None:
        """To luqum an operator of signs is a word, or the beginning of one."""
        text = token.value.value
        if text in _OPERATORS:
            token.type = _OPERATORS[text]
        elif text.startswith("!"):
            token.type, token.value.value, token.value.size = "NOT", "!", 1
            self._lexer.lexpos = token.lexpos + 1


def _unexpected(query: str, token: Any) -> QueryInvalid:
    if token is None:
        return QueryInvalid(query, "unexpected end: a value or a closing parenthesis is missing")
    hint = ": a value with it goes in quotes" if token.type == "COLUMN" else ""
    return QueryInvalid(query, f"unexpected {str(token.value).strip()!r}{hint}", token.lexpos)


def _too_deep(root: tree.Item) -> tree.Item | None:
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEPTH_MAX:
            return node
        waiting += [(child, depth + 1) for child in node.children]
    return None
