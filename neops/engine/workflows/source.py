"""YAML text → a JSON value that remembers on which line each part of it stands.

Plain scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), not YAML 1.1: `no` and
`on` are texts, and so are `65000:10` and `2026-01-01`, which YAML 1.1 reads as a truth value, a number and a date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml
from pydantic import JsonValue

from neops.engine.workflows.jmes import Path, dotted
from neops.errors import WorkflowInvalid, WorkflowIssue

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,400}")
_BASED_INT = re.compile(r"0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")

_STR_TAG = "tag:yaml.org,2002:str"
_MAP_TAG = "tag:yaml.org,2002:map"
_SEQ_TAG = "tag:yaml.org,2002:seq"

MAX_NODES = 100_000
"""Aliases can make a short text expand without end; no workflow comes near this many values."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """A document that was read, and where its parts stand."""

    value: JsonValue
    file: str | None = None
    places: Mapping[Path, Place] = field(default_factory=dict)

    def located(self, path: Path, message: str) -> WorkflowIssue:
        """An issue at `path`, or at the nearest part around it that stands in the text."""
        around = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in self.places), None)
        place = self.places[around] if around is not None else None
        return WorkflowIssue(
            path=dotted(path),
            message=message,
            file=self.file,
            line=place.line if place else None,
            column=place.column if place else None,
        )


def read_yaml(text: str, file: str | None = None) -> Source:
    """Read one YAML document.

    Raises:
        WorkflowInvalid: the text is no YAML, holds more than one document, repeats a key, or has a template that is
            not quoted.
    """
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        raise WorkflowInvalid([_syntax_issue(error, text, file)]) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise WorkflowInvalid([WorkflowIssue(path="", message=str(error).replace("\n", " "), file=file)]) from error
    except RecursionError as error:
        raise WorkflowInvalid([WorkflowIssue(path="", message="it is nested too deeply", file=file)]) from error
    if root is None:
        raise WorkflowInvalid([WorkflowIssue(path="", message="the document is empty", file=file, line=1)])
    reader = _Reader(file)
    value = reader.value(root, ())
    source = Source(value=value, file=file, places=reader.places)
    if reader.problems:
        raise WorkflowInvalid(source.located(path, problem) for path, problem in reader.problems)
    return source


class _Reader:
    """Walks the node tree once; `problems` are found on the way."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self.places: dict[Path, Place] = {}
        self.problems: list[tuple[Path, str]] = []
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> JsonValue:
        self.places.setdefault(path, _place(node))
        if len(self.places) > MAX_NODES or id(node) in self._open:
            issue = WorkflowIssue(path=dotted(path), message="aliases (*name) expand without end", file=self._file)
            raise WorkflowInvalid([issue])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> JsonValue:
        if node.tag != _STR_TAG:
            self.problems.append((path, f"tags such as {node.tag} are not allowed"))
        return _core_scalar(node.value) if node.style is None else self._text(node, path)

    def _text(self, node: yaml.ScalarNode, path: Path) -> str:
        try:
            # JSON escapes a character beyond the first plane as two surrogates, which YAML leaves apart.
            return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.problems.append((path, "holds half of an escaped character"))
            return ""

    def _sequence(self, node: yaml.Node, path: Path) -> JsonValue:
        if node.tag != _SEQ_TAG:
            self.problems.append((path, f"tags such as {node.tag} are not allowed"))
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Path) -> JsonValue:
        if node.tag != _MAP_TAG:
            self.problems.append((path, f"tags such as {node.tag} are not allowed"))
        merged: dict[str, JsonValue] = {}
        own: dict[str, JsonValue] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append((path, 'a value that starts with {{ must be quoted: "{{ … }}"'))
            elif key.value == "<<" and key.style is None:
                merged = {**self._merge(value, path), **merged}
            else:
                name = self._text(key, path)
                at = (*path, name)
                self.places[at] = _place(key)
                if name in own:
                    self.problems.append((at, "the key stands here a second time"))
                own[name] = self.value(value, at)
        return {**merged, **own}

    def _merge(self, node: yaml.Node, path: Path) -> dict[str, JsonValue]:
        """The keys that `<<` brings in; the first of several mappings wins."""
        brought: dict[str, JsonValue] = {}
        for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(one, path)
            if isinstance(value, dict):
                brought = {**value, **brought}
            else:
                self.problems.append((path, "<< brings in mappings only"))
        return brought


def _core_scalar(text: str) -> JsonValue:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INT.fullmatch(text):
        return int(text)
    if _BASED_INT.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _place(node: yaml.Node) -> Place:
    return Place(line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _syntax_issue(error: yaml.MarkedYAMLError, text: str, file: str | None) -> WorkflowIssue:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    hint = ""
    if "{{" in line:
        hint = '; a value that starts with {{ must be quoted: "{{ … }}"'
    elif "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "; indent with spaces, not with tabs"
    return WorkflowIssue(
        path="",
        message=f"{error.problem or error.context}{hint}",
        file=file,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
    )
