"""What a change came to, from what was read. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from neops.devices.config_change import ChangeOutcome

_REMARKS = ("!", "#")
_ORDERED = re.compile(r"(?:\d+ |seq \d+ )?(?:permit|deny|remark)\b")


def same_config(one: str, other: str) -> bool:
    """Whether two configurations are the same but for blank lines, remarks and the order of lines in a section.

    A device may print what was taken away and put back in another place. Where order counts (access lists), it is
    compared.
    """
    return one == other or _substance(one) == _substance(other)


def decide(
    before: str,
    now: str | None,
    *,
    atomic: bool,
    reached: bool = False,
    same: Callable[[str, str], bool] = same_config,
) -> ChangeOutcome:
    """What a commit whose answer was lost has done.

    `now` is the running configuration read afterwards, None when nobody could. `atomic`: the device takes a commit as
    a whole, so what is not as before is changed. `reached`: `now` is known to be what was wanted.
    """
    if now is None:
        return ChangeOutcome.UNKNOWN
    if same(now, before):
        return ChangeOutcome.UNCHANGED
    if atomic or reached:
        return ChangeOutcome.CHANGED
    return ChangeOutcome.UNKNOWN


def _substance(config: str) -> Counter[tuple[str, ...]]:
    """Every line with the lines that it stands below, by indentation."""
    found: Counter[tuple[str, ...]] = Counter()
    above: list[tuple[int, str]] = []
    ordered: Counter[tuple[str, ...]] = Counter()
    for raw in config.splitlines():
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
