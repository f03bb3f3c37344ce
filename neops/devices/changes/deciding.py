"""What a change came to, from what was read. Pure."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import blake2b
from operator import itemgetter
from xml.parsers import expat

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
    read = [xml for config in (one, other) if (xml := _xml(config)) is not None]
    return read[0] == read[1] if len(read) == 2 else _substance(one) == _substance(other)


def has_substance(config: str) -> bool:
    """Whether a configuration says anything: it has more than remarks, its end, or the root element of XML."""
    if (xml := _xml(config)) is not None:
        return xml[1]
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


class _Reader:
    """Reads XML and keeps digests alone.

    4 MB of configuration are 250,000 elements: with as many objects about, Python 3.11 stops all threads for half a
    second to look for garbage.
    """

    def __init__(self) -> None:
        self.read: list[tuple[str, bytes]] = []
        self.has_children = False
        self._open: list[tuple[str, dict[str, str], list[str], list[tuple[str, bytes]]]] = []
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def digest(self, config: str) -> bytes | None:
        """The same for documents that say the same, None for what is no XML.

        Elements of one name may be entries that their user has ordered; the order of others says nothing (RFC 7950
        §7.7.7).
        """
        try:
            for at in range(0, len(config), _PIECE):
                self._parser.Parse(config[at : at + _PIECE])
            self._parser.Parse("", True)
        except expat.ExpatError:
            return None
        return self.read[0][1]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.has_children = bool(self._open)
        self._open.append((tag, attributes, [], []))

    def _text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def _end(self, _: str) -> None:
        tag, attributes, text, children = self._open.pop()
        content = sorted(children, key=itemgetter(0)) or "".join(text)
        digest = blake2b(repr((tag, sorted(attributes.items()), content)).encode(), digest_size=16).digest()
        (self._open[-1][3] if self._open else self.read).append((tag, digest))


def _xml(config: str) -> tuple[bytes, bool] | None:
    """What XML says, and whether its root has elements; None for what is no XML."""
    if not config.lstrip().startswith("<"):
        return None
    reader = _Reader()
    digest = reader.digest(config.lstrip())
    return None if digest is None else (digest, reader.has_children)
