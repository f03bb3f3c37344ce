"""What two configurations in XML differ in, for people, and whether they do. Pure.

XML alone does not say what identifies the entry of a list. A server writes keys first (RFC 7950 §7.8.5): so entries are
told apart by as many of their first leaves as it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from neops.devices import ChangeMode
from neops_netconf.messages import BASE, Element, name_of

MOST_KEYS: Final = 6
"""How many leaves are tried as the key of an entry."""

_OPERATION: Final = f"{{{BASE}}}operation"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """An element, compared by `digest`.

    The order of siblings counts where they have the same name (a list may be `ordered-by user`), and not otherwise.
    """

    tag: str
    name: str
    text: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Node, ...] = ()
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        digest = blake2b(repr((self.tag, self.text, self.attributes)).encode(), digest_size=16)
        for child in sorted(self.children, key=lambda child: child.tag):
            digest.update(child.digest)
        object.__setattr__(self, "digest", digest.digest())

    @classmethod
    def of(cls, element: Element) -> Node:
        """The tree below an element; blanks that lay it out are not part of it."""
        children = tuple(cls.of(child) for child in element.iterchildren("{*}*"))
        return cls(
            tag=element.tag,
            name=name_of(element),
            text="" if children else element.text or "",
            attributes=tuple(sorted((name, str(value)) for name, value in element.attrib.items())),
            children=children,
        )

    @property
    def namespace(self) -> str:
        return self.tag[1:].partition("}")[0] if self.tag.startswith("{") else ""


def difference(old: Node, new: Node) -> str:
    """What changes from `old` to `new`: lines with `-` and `+` below the elements they stand in; empty for nothing."""
    return "\n".join(line for pair in _paired(old.children, new.children) for line in _lines(*pair, 0, ""))


def applied(running: Node, config: Node, mode: ChangeMode) -> Node:
    """What edit-config should make of a running configuration, `operation` attributes minded.

    What merging does depends on the server's YANG modules, which XML does not tell: this is what it looks like.
    """
    return _merged(running, config) if mode == "merge" else _without_operations(config)


def _merged(running: Node, config: Node) -> Node:
    children = list(running.children)
    alike = Counter(child.tag for child in (*running.children, *config.children))
    for wanted in config.children:
        only = alike[wanted.tag] == 2
        places = (place for place, child in enumerate(children) if _meant(child, wanted, only=only))
        place, what = next(places, None), dict(wanted.attributes).get(_OPERATION, "merge")
        if what in ("delete", "remove"):
            children = [child for at, child in enumerate(children) if at != place]
        elif place is None:
            children.append(_without_operations(wanted))
        elif what == "replace" or not wanted.children:
            children[place] = _without_operations(wanted)
        else:
            children[place] = _merged(children[place], wanted)
    return _with_children(running, children)


def _meant(child: Node, wanted: Node, *, only: bool) -> bool:
    """Whether an element of the running configuration is the one that an edit names; `only`: there are no others."""
    if child.tag != wanted.tag:
        return False
    if not wanted.children:
        return only or child.text == wanted.text
    if only and not _looks_like_key(wanted.children[0].name):
        return True
    return _identity(child, 1) == _identity(wanted, 1)


def _looks_like_key(name: str) -> bool:
    return name in ("name", "id", "index", "key") or name.endswith(("-name", "-id"))


def _without_operations(node: Node) -> Node:
    kept = [child for child in node.children if dict(child.attributes).get(_OPERATION) not in ("delete", "remove")]
    return _with_children(node, [_without_operations(child) for child in kept])


def _with_children(node: Node, children: Sequence[Node]) -> Node:
    attributes = tuple(one for one in node.attributes if one[0] != _OPERATION)
    return Node(tag=node.tag, name=node.name, text=node.text, attributes=attributes, children=tuple(children))


Pair = tuple[Node | None, Node | None]


def _paired(old: Sequence[Node], new: Sequence[Node]) -> Iterator[Pair]:
    """Which element became which, name by name."""
    for tag in dict.fromkeys(node.tag for node in (*old, *new)):
        before, after = ([node for node in nodes if node.tag == tag] for nodes in (old, new))
        if len(before) == len(after) == 1 and before[0].children and not _renamed(before[0], after[0]):
            yield before[0], after[0]
        else:
            yield from _aligned(before, after)


def _renamed(before: Node, after: Node) -> bool:
    """Whether these are two entries of a list rather than one container that changed."""
    keys = [node.children[0] if node.children else node for node in (before, after)]
    return _looks_like_key(keys[0].name) and keys[0].text != keys[1].text


def _aligned(before: Sequence[Node], after: Sequence[Node]) -> Iterator[Pair]:
    """Entries of a list, or values of a leaf-list, in both orders; one that moved is taken away and added again."""
    keys = _keys_needed(before, after)
    old, new = ([_identity(node, keys) for node in nodes] for nodes in (before, after))
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from zip(before[i1:i2], after[j1:j2], strict=True)
        else:
            yield from ((node, None) for node in before[i1:i2])
            yield from ((None, node) for node in after[j1:j2])


def _keys_needed(*lists: Sequence[Node]) -> int:
    for keys in range(1, MOST_KEYS):
        if all(len({_identity(node, keys) for node in nodes}) == len(nodes) for nodes in lists):
            return keys
    return MOST_KEYS


def _identity(node: Node, keys: int) -> tuple[str, ...]:
    """What tells an entry from others: its text, or its first leaves; where it has none, all of it."""
    if not node.children:
        return (node.text,)
    return tuple(leaf.text for leaf in _first_leaves(node)[:keys]) or (node.digest.hex(),)


def _first_leaves(node: Node) -> list[Node]:
    found: list[Node] = []
    for child in node.children:
        if child.children:
            break
        found.append(child)
    return found


def _lines(old: Node | None, new: Node | None, depth: int, namespace: str) -> Iterator[str]:
    if old is None or new is None:
        if (node := old or new) is not None:
            yield from _whole(node, "+" if old is None else "-", depth, namespace)
        return
    if old.digest == new.digest:
        return
    if not (old.children or new.children) or old.attributes != new.attributes:
        yield from _whole(old, "-", depth, namespace)
        yield from _whole(new, "+", depth, namespace)
        return
    yield _line(" ", depth, _opening(new, namespace))
    pairs = list(_paired(old.children, new.children))
    changed = [(one, other) for one, other in pairs if one is None or other is None or one.digest != other.digest]
    first, other = pairs[0]
    if (first, other) not in changed and first is not None and not first.children:
        yield from _whole(first, " ", depth + 1, new.namespace)  # which entry of a list it is
    for one, another in changed:
        yield from _lines(one, another, depth + 1, new.namespace)
    yield _line(" ", depth, f"</{new.name}>")


def _whole(node: Node, sign: str, depth: int, namespace: str) -> Iterator[str]:
    if not node.children:
        closed = f">{escape(node.text)}</{node.name}>" if node.text else "/>"
        yield _line(sign, depth, _opening(node, namespace)[:-1] + closed)
        return
    yield _line(sign, depth, _opening(node, namespace))
    for child in node.children:
        yield from _whole(child, sign, depth + 1, node.namespace)
    yield _line(sign, depth, f"</{node.name}>")


def _opening(node: Node, namespace: str) -> str:
    shown = [] if node.namespace == namespace else [("xmlns", node.namespace)]
    shown += [(name.rpartition("}")[2], value) for name, value in node.attributes]
    return f"<{' '.join((node.name, *(f'{name}={quoteattr(value)}' for name, value in shown)))}>"


def _line(sign: str, depth: int, text: str) -> str:
    return "\n".join(f"{sign} {'  ' * depth}{line}" for line in text.split("\n"))
