"""Versions, references to them, and which one a reference means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

from neops.errors import UsageError

Bump = Literal["patch", "minor", "major"]
BUMPS: tuple[Bump, ...] = ("patch", "minor", "major")
"""From the smallest to the biggest."""

_REFERENCE = re.compile(
    r"(?P<package>[^/:]+)/(?P<name>[^/:]+):(?P<major>[0-9]+)(\.(?P<minor>[0-9]+)(\.(?P<patch>[0-9]+))?)?"
)


class Version(NamedTuple):
    """An exact version; versions compare by their numbers."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def bumped(self, bump: Bump) -> Version:
        """The next version of that size."""
        if bump == "major":
            return Version(self.major + 1, 0, 0)
        if bump == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)

    def bump_from(self, older: Version) -> Bump:
        """The size of the step from an older version to this one."""
        if self.major != older.major:
            return "major"
        return "minor" if self.minor != older.minor else "patch"


@dataclass(frozen=True, kw_only=True)
class SemverRef:
    """`package/name:1`, `:1.2` or `:1.2.3`: the newest version that starts so. A major is never crossed."""

    package: str
    name: str
    major: int
    minor: int | None = None
    patch: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference.

        Raises:
            UsageError: the text has another form.
        """
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{text!r} is not a reference: write package/name:1, package/name:1.2 or package/name:1.2.3"
            )
        minor, patch = match["minor"], match["patch"]
        return cls(
            package=match["package"],
            name=match["name"],
            major=int(match["major"]),
            minor=int(minor) if minor else None,
            patch=int(patch) if patch else None,
        )

    @property
    def full_name(self) -> str:
        """`package/name`."""
        return f"{self.package}/{self.name}"

    @property
    def version(self) -> Version | None:
        """The version, when the reference is exact."""
        if self.minor is None or self.patch is None:
            return None
        return Version(self.major, self.minor, self.patch)

    def covers(self, version: Version) -> bool:
        """Whether a version of the same package and name is one that the reference may mean."""
        return (
            version.major == self.major and self.minor in (None, version.minor) and self.patch in (None, version.patch)
        )

    def __str__(self) -> str:
        numbers = (self.major, self.minor, self.patch)
        return f"{self.full_name}:{'.'.join(str(number) for number in numbers if number is not None)}"


def resolve(reference: SemverRef, ids: Iterable[str]) -> str | None:
    """The id (`package/name:1.2.3`) of the newest version that a reference means, None when there is none."""
    prefix = f"{reference.full_name}:"
    known = {id_: exact(id_) for id_ in ids if id_.startswith(prefix)}
    fitting = [id_ for id_, version in known.items() if reference.covers(version)]
    return max(fitting, key=lambda id_: known[id_], default=None)


def exact(id_: str) -> Version:
    """The version of an id, `package/name:1.2.3`.

    Raises:
        UsageError: the id names no exact version.
    """
    version = SemverRef.parse(id_).version
    if version is None:
        raise UsageError(f"{id_!r} is not an exact version: write package/name:1.2.3")
    return version
