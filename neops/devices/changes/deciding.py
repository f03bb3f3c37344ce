"""What a change came to, from what was read. Pure."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

from neops.devices.changes.texts import folded
from neops.devices.config_change import ChangeOutcome

_REMARKS = ("!", "#")
_PIECE = 65_536
"""Characters that expat is given at once: it lets no other thread run meanwhile."""
_ORDERED = re.compile(r"(?:\d+ |seq \d+ )?(?:permit|deny|remark)\b")


def same_config(one: str, other: str) -> bool:
    """Whether two configurations are the same but for blank lines, remarks and the order of lines in a section.

    A device may print what was taken away and put back in another place. Where order counts (access lists), it is
    compared. Of XML the elements are compared, and the order of those that have the same name.
    """
    if one == other:
        return True
    trees = [tree for config in (one, other) if (tree := _tree(config)) is not None]
    return _same_tree(*trees) if len(trees) == 2 else _substance(one) == _substance(other)


def has_substance(config: str) -> bool:
    """Whether a configuration says anything: it has more than remarks, its end, or the root element of XML."""
    if (tree := _tree(config)) is not None:
        return len(tree) > 0
    lines = (line.strip() for line in config.splitlines())
    return any(line and line != "end" and not line.startswith(_REMARKS) for line in lines)


def decide(before: str, now: str | None, *, atomic: bool, reached: bool = False) -> ChangeOutcome:
    """What a commit whose answer was lost has done.

    `now` is the running configuration read afterwards, None when nobody could. `atomic`: the device takes a commit as
    a whole, so what is not as before is changed. `reached`: `now` is known to be what was wanted.
    """
    if now is None:
        return ChangeOutcome.UNKNOWN
    if same_config(now, before):
        return ChangeOutcome.UNCHANGED
    if atomic or reached:
        return ChangeOutcome.CHANGED
    return ChangeOutcome.UNKNOWN


def _substance(config: str) -> Counter[tuple[str, ...]]:
    """Every line with the lines that it stands below, by indentation."""
    found: Counter[tuple[str, ...]] = Counter()
    above: list[tuple[int, str]] = []
    ordered: Counter[tuple[str, ...]] = Counter()
    for raw in folded(config).splitlines():
        line = raw.strip()
        if not line or line.startswith(_REMARKS):
            continue
        indent = len(raw) - len(raw.lstrip())
        while above and above[-1][0] >= indent:
            above.pop()
        section = tuple(text for _, text in above)
        place = ""
        if _ORDERED.match(line):
            ordered[section] += 1
            place = str(ordered[section])
        found[*section, place, line] += 1
        above.append((indent, line))
    return found


def _tree(config: str) -> ET.Element | None:
    """The root of XML, None for what is no XML."""
    if not config.lstrip().startswith("<"):
        return None
    parser = ET.XMLParser()  # noqa: S314  # a session wrote it; expat 2.4.1 bounds what entities make
    try:
        for at in range(0, len(config), _PIECE):
            parser.feed(config[at : at + _PIECE])
        return parser.close()
    except ET.ParseError:
        return None


def _same_tree(one: ET.Element, other: ET.Element) -> bool:
    """Whether two elements say the same.

    Those of one name may be entries that their user has ordered; the order of others says nothing (RFC 7950 §7.7.7).
    """
    if (one.tag, len(one), one.attrib) != (other.tag, len(other), other.attrib):
        return False
    if not len(one):
        return (one.text or "") == (other.text or "")
    return all(map(_same_tree, *(sorted(parent, key=lambda child: child.tag) for parent in (one, other))))
