"""From evidence to platforms, and to the next question: pure, and bounded in what it reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from math import prod
from typing import Final

from neops.devices.detection.clues import ASK_FURTHER, CLUES, COMMANDS, MORE_GENERAL, Clue
from neops.devices.detection.evidence import TEXT_KEPT, Candidate, Detection, Evidence

BELIEVED: Final = 0.9
"""A platform is believed from this score on, if it is the only one. A shape of a prompt or an SSH version that several
systems share stays below it."""

_REASON_SHOWN: Final = 100


def judge(device: str, evidence: Iterable[Evidence], problem: str | None = None) -> Detection:
    """What the evidence says, whatever its order and however often a piece of it is repeated."""
    seen = tuple(dict.fromkeys(evidence))
    candidates = rank(seen)
    return Detection(
        device=device, platform=_believed(candidates), candidates=candidates, evidence=seen, problem=problem
    )


def rank(evidence: Iterable[Evidence]) -> tuple[Candidate, ...]:
    """The platforms that something speaks for, the most likely first.

    Of one source the strongest clue counts; sources are taken as independent, so each one that agrees takes its part
    off the doubt that is left. Where a special platform is believed, the general one below it is left out.
    """
    found: dict[str, dict[str, tuple[float, str]]] = {}
    for one in sorted(set(evidence), key=lambda one: (one.source, one.text)):
        for clue in _clues_at(one.source):
            line = _matching_line(clue, one.text)
            if line is not None and clue.weight > found.get(clue.platform, {}).get(one.source, (0.0, ""))[0]:
                found.setdefault(clue.platform, {})[one.source] = (clue.weight, line)
    candidates = [_candidate(platform, by_source) for platform, by_source in found.items()]
    implied = {MORE_GENERAL.get(one.platform) for one in candidates if one.score >= BELIEVED}
    left = (one for one in candidates if one.platform not in implied)
    return tuple(sorted(left, key=lambda one: (-one.score, one.platform)))


def next_command(evidence: Sequence[Evidence]) -> str | None:
    """What would settle the likeliest platform, else what was not asked yet; None when the evidence is enough."""
    asked = {one.source for one in evidence}
    candidates = rank(evidence)
    believed = _believed(candidates)
    if believed is not None:
        return next((command for command in ASK_FURTHER.get(believed, ()) if command not in asked), None)
    settling = (command for one in candidates for command in COMMANDS if _would_settle(command, one.platform))
    return next((command for command in (*settling, *COMMANDS) if command not in asked), None)


def _believed(candidates: Sequence[Candidate]) -> str | None:
    certain = [one.platform for one in candidates if one.score >= BELIEVED]
    return certain[0] if len(certain) == 1 else None


def _candidate(platform: str, by_source: dict[str, tuple[float, str]]) -> Candidate:
    doubt = prod(1 - weight for weight, _ in by_source.values())
    strongest = sorted(by_source.items(), key=lambda one: (-one[1][0], one[0]))
    return Candidate(
        platform=platform,
        score=round(1 - doubt, 3),
        reasons=tuple(f"{source}: {line}" for source, (_, line) in strongest),
    )


@cache
def _clues_at(source: str) -> tuple[Clue, ...]:
    return tuple(clue for clue in CLUES if clue.source == source)


@cache
def _would_settle(command: str, platform: str) -> bool:
    return any(clue.platform == platform and clue.weight >= BELIEVED for clue in _clues_at(command))


def _matching_line(clue: Clue, text: str) -> str | None:
    """What matched, as far as it tells a person something; None when nothing did."""
    match = re.search(clue.pattern, text[:TEXT_KEPT], re.MULTILINE)
    if match is None:
        return None
    return (match[match.lastindex or 0]).strip()[:_REASON_SHOWN]
