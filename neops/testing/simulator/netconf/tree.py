"""A configuration of statements as XML and back, with the operations of RFC 6241 section 7.2. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement

from neops.testing.simulator.configuration import Path, Section, find
from neops.testing.simulator.dialects import Statements
from neops.testing.simulator.netconf.errors import RpcRefused
from neops.testing.simulator.platform import ConfigurationData, NetconfData

_PLAIN = re.compile(r"[\w./:@+-]+")


class ConfigurationXml:
    """`unit 0 { description "x y"; }` is `<unit><name>0</name><description>x y</description></unit>`, as on Junos."""

    def __init__(self, configuration: ConfigurationData, netconf: NetconfData, dialect: Statements) -> None:
        self._values, self._top = set(configuration.values), set(configuration.top)
        self._netconf, self._dialect = netconf, dialect

    def whole(self, section: Section) -> Element:
        root = Element(self._netconf.root)
        root.extend(self._elements(section, ""))
        return root

    def _elements(self, section: Section, container: str) -> Iterator[Element]:
        entry = self._netconf.entries.get(container)
        for line, below in section.items():
            word, _, name = (entry, "", line) if entry else line.partition(" ")
            element = inner = Element(word)
            if word in self._netconf.branches:
                inner = SubElement(element, name)
            elif name and not below and word in self._values:
                element.text = _unquoted(name)
            elif name:
                SubElement(element, "name").text = _unquoted(name)
            inner.extend(self._elements(below, "" if name else word))
            yield element

    def edit(self, root: Section, wanted: Element, operation: str) -> None:
        """Carry an edit out. `operation` is the default one: merge, replace or none.

        Raises:
            RpcRefused: there is no such statement, or one is (or is not) there that must not (or must) be.
        """
        operation = wanted.get("operation", operation)
        if operation == "replace":
            root.clear()
            operation = "merge"
        for child in wanted:
            if child.tag not in self._top:
                raise RpcRefused("unknown-element", "syntax error", bad_element=child.tag)
            self._edit(root, (), child, operation)

    def _edit(self, root: Section, above: Path, element: Element, operation: str) -> None:
        operation = element.get("operation", operation)
        if element.tag in self._netconf.branches:
            for child in element:
                self._statement(root, (*above, f"{element.tag} {child.tag}"), child, list(child), operation)
            return
        line, children = self._line(above, element)
        self._statement(root, (*above, line), element, children, operation)

    def _statement(
        self, root: Section, path: Path, element: Element, children: Sequence[Element], operation: str
    ) -> None:
        operation, line = element.get("operation", operation), path[-1]
        there = any(one == line or one.startswith(f"{line} ") for one in find(root, path[:-1]))
        if operation == "create" and there:
            raise RpcRefused("data-exists", f"statement already exists: {line}", bad_element=element.tag)
        if operation == "delete" and not there:
            raise RpcRefused("data-missing", f"statement not found: {line}", bad_element=element.tag)
        if operation in ("delete", "remove", "replace"):
            self._dialect.remove(root, path)
        if operation in ("delete", "remove"):
            return
        if operation != "none":
            self._dialect.put(root, path)
        for child in children:
            self._edit(root, path, child, "merge" if operation in ("replace", "create") else operation)

    def _line(self, above: Path, element: Element) -> tuple[str, list[Element]]:
        """The statement that an element stands for, and what is below it."""
        name = element.find("name")
        children = [child for child in element if child is not name]
        text = (name.text if name is not None else element.text if not children else "") or ""
        text = text.strip()
        if name is not None and above and self._netconf.entries.get(above[-1]) == element.tag:
            return text, children
        return f"{element.tag} {_quoted(text)}" if text else element.tag, children


def filtered(tree: Element, wanted: Element) -> Element | None:
    """What a subtree filter selects (RFC 6241 section 6); None: nothing. Both elements have the same tag."""
    selectors = list(wanted)
    if not selectors:
        return tree
    content = [one for one in selectors if not len(one) and (one.text or "").strip()]
    if not all(_has(tree, one) for one in content):
        return None
    others = [one for one in selectors if one not in content]
    result = Element(tree.tag, tree.attrib)
    matched = {one.tag for one in content}
    for child in tree:
        if not others or child.tag in matched or child.tag == "name":
            result.append(child)
        else:
            parts = (filtered(child, one) for one in others if one.tag == child.tag)
            result.extend(part for part in parts if part is not None)
    return result if any(child.tag != "name" for child in result) or not others else None


def _has(tree: Element, content: Element) -> bool:
    wanted = (content.text or "").strip()
    return any(child.tag == content.tag and (child.text or "").strip() == wanted for child in tree)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
