"""What is said to a NETCONF server and what it answers (RFC 6241), as lxml elements. No I/O.

Importing this module imports lxml.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

Element = Any
"""lxml 6 brings no types."""

BASE: Final = "urn:ietf:params:xml:ns:netconf:base:1.0"
BASE_1_0: Final = "urn:ietf:params:netconf:base:1.0"
BASE_1_1: Final = "urn:ietf:params:netconf:base:1.1"

_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_XML_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_CAPABILITY: Final = "urn:ietf:params:netconf:capability:"
_JUNOS_ATTRIBUTE: Final = re.compile(r"\{http://xml\.juniper\.net/")
"""`junos:commit-seconds` and its kind change at every reading or tell what the text itself does not."""


class Malformed(Exception):
    """Text that should be XML of some form and is not."""


@dataclass(frozen=True, kw_only=True)
class RpcError:
    """One `rpc-error` (RFC 6241 §4.3). `path` is the XPath that the server gives, else the element it names."""

    tag: str
    message: str = ""
    path: str = ""
    severity: str = "error"
    session_id: str = ""

    def __str__(self) -> str:
        place = f" at {self.path}" if self.path else ""
        holder = f" (session {self.session_id})" if self.session_id else ""
        return f"{self.tag}{place}{holder}" + (f": {self.message}" if self.message else "")


@dataclass(frozen=True, kw_only=True)
class Server:
    """Who answered: the id it gave to the session, and what it can."""

    session_id: str
    capabilities: tuple[str, ...]

    def has(self, name: str, *versions: str) -> bool:
        """Whether it announces a capability of RFC 6241 §8: `server.has("validate", "1.0", "1.1")`."""
        wanted = tuple(f"{_CAPABILITY}{name}:{version}" for version in versions or ("1.0", "1.1"))
        return any(capability.partition("?")[0] in wanted for capability in self.capabilities)

    @property
    def chunks(self) -> bool:
        return BASE_1_1 in self.capabilities

    @property
    def forgets_when_validating(self) -> bool:
        """Whether a commit after `validate` does nothing and says ok: yuma123 2.13 does so."""
        return any(capability.startswith("http://yuma123.org/ns/") for capability in self.capabilities)

    @property
    def datastores(self) -> tuple[str, ...]:
        """What get-config can read, `running` first."""
        return ("running", *(name for name in ("startup", "candidate") if self.has(name)))


def hello() -> bytes:
    """What a client says first; both framings are offered."""
    capabilities = "".join(f"<capability>{one}</capability>" for one in (BASE_1_0, BASE_1_1))
    return _DECLARATION + f'<hello xmlns="{BASE}"><capabilities>{capabilities}</capabilities></hello>'.encode()


def read_hello(message: bytes) -> Server:
    """What a server says first.

    Raises:
        Malformed: it is no hello.
    """
    root = parse(message)
    if name_of(root) != "hello":
        raise Malformed(f"a session begins with <hello>, not with <{name_of(root)}>")
    found = [_text(one) for one in root.iter(etree.Element) if name_of(one) == "capability"]
    return Server(session_id=_text(child(root, "session-id")), capabilities=tuple(found))


def request(message_id: str, operation: Element) -> bytes:
    """An operation in its envelope."""
    rpc = etree.Element(_base("rpc"), {"message-id": message_id}, nsmap={None: BASE})
    rpc.append(operation)
    return _DECLARATION + bytes(etree.tostring(rpc))


def parse(text: bytes | str) -> Element:
    """The root of an XML document. Entities are not resolved, and nothing is fetched.

    Raises:
        Malformed: it is not well-formed.
    """
    data = text.encode() if isinstance(text, str) else text
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, huge_tree=True)
    try:
        return etree.fromstring(data.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed(f"not well-formed XML: {error}") from error


def errors_of(reply: Element) -> tuple[RpcError, ...]:
    """What a reply complains about, warnings included. Prefixes do not matter."""
    return tuple(_error(one) for one in reply.iter("{*}rpc-error"))


def _error(one: Element) -> RpcError:
    info = child(one, "error-info")
    bad = child(info, "bad-element")
    return RpcError(
        tag=_text(child(one, "error-tag")) or "operation-failed",
        message=" ".join(_text(child(one, "error-message")).split()),
        path=" ".join((_text(child(one, "error-path")) or _text(bad)).split()),
        severity=_text(child(one, "error-severity")) or "error",
        session_id=_text(child(info, "session-id")),
    )


def operation(name: str, *children: Element | str, **leaves: str) -> Element:
    """An element of the base namespace; of children that are text only the name is given: `<running/>`."""
    made = etree.Element(_base(name), nsmap={None: BASE})
    for one in children:
        made.append(operation(one) if isinstance(one, str) else one)
    for leaf, value in leaves.items():
        etree.SubElement(made, _base(leaf.replace("_", "-"))).text = value
    return made


def filter_of(subtree: str) -> list[Element]:
    """A subtree filter (RFC 6241 §6), or none for an empty text.

    Raises:
        Malformed: the text is not XML.
    """
    if not subtree.strip():
        return []
    made = operation("filter", *elements_of(subtree))
    made.set("type", "subtree")
    return [made]


def elements_of(text: str) -> list[Element]:
    """The elements in a text, which may have one root or several; a `<config>` or `<data>` around them is taken off.

    Raises:
        Malformed: the text is not well-formed, or there is text between the elements.
    """
    return list(_body(text))


def config_of(text: str) -> Element:
    """A `<config>` with the elements in a text.

    Raises:
        Malformed: as above.
    """
    body = _body(text)
    return configuration(list(body), dict(body.nsmap))


def _body(text: str) -> Element:
    root = parse(f"<several>{re.sub(_XML_DECLARATION, '', text)}</several>")
    if len(root) == 1 and name_of(root[0]) in ("config", "data") and etree.QName(root[0]).namespace in (None, BASE):
        root = root[0]
    if any((one or "").strip() for one in (root.text, *(child.tail for child in root))):
        raise Malformed("there is text outside of elements")
    for one in root:
        one.tail = None
    return root


def configuration(elements: list[Element], prefixes: dict[str | None, str]) -> Element:
    """Elements in a `<config>`, without the blanks that only laid them out.

    `prefixes` are those of where the elements were: values may use them (identityref, RFC 7950 §9.10).
    """
    kept = {prefix: namespace for prefix, namespace in prefixes.items() if prefix and namespace != BASE}
    root = etree.Element(_base("config"), nsmap=kept | {None: BASE})
    root.extend(elements)
    used: set[str] = set()
    for one in root.iter(etree.Element):
        if (len(one) or "\n" in (one.text or "")) and not (one.text or "").strip():
            one.text = None
        elif one.text:
            used.update(re.findall(r"([A-Za-z_][\w.-]*):", one.text))
        one.tail = None
        for name in [name for name in one.attrib if _JUNOS_ATTRIBUTE.match(name)]:
            del one.attrib[name]
    etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(used))
    return root


def replacing(config: Element, running: Element, server: Server) -> Element:
    """A configuration that says of each top-level element of `running` that it does not have: remove it.

    RFC 6241 §7.2 lets `default-operation` `replace` do that; yuma123 2.13 leaves them where they are.
    """
    whole, kept = deepcopy(config), {one.tag for one in config}
    operation = "remove" if server.chunks else "delete"  # RFC 4741 has no other, and minds what is not there
    for tag in dict.fromkeys(one.tag for one in running if one.tag not in kept):
        etree.SubElement(
            whole, tag, {_base("operation"): operation}, nsmap={None: etree.QName(tag).namespace, "nc": BASE}
        )
    return whole


def data_of(reply: Element) -> Element:
    """The configuration in the reply to get-config."""
    data = child(reply, "data")
    if data is None:
        raise Malformed("the reply has no <data>")
    return configuration(list(data), dict(data.nsmap))


def printed(root: Element) -> str:
    """An element as text for people, one element a line; text of several lines stays as it is."""
    etree.indent(root)
    return str(etree.tostring(root, encoding="unicode"))


def answer_of(reply: Element) -> str:
    """What is in a reply, as text; empty for `<ok/>`."""
    parts = [one for one in reply.iterchildren(etree.Element) if name_of(one) not in ("ok", "rpc-error")]
    return "\n".join(str(etree.tostring(one, encoding="unicode", with_tail=False)) for one in parts)


def child(parent: Element | None, name: str) -> Element | None:
    """The first child of that name, whatever its namespace."""
    children = () if parent is None else parent.iterchildren(etree.Element)
    return next((one for one in children if name_of(one) == name), None)


def name_of(element: Element) -> str:
    return str(etree.QName(element).localname)


def _text(element: Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


def _base(name: str) -> str:
    return f"{{{BASE}}}{name}"
