from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.engine.workflows.versions import BUMPS, Bump, SemverRef, Version, exact, resolve
from neops.errors import UsageError

VERSIONS = st.builds(Version, st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
REGISTERED = ["fb.io/ping:1.0.0", "fb.io/ping:1.2.9", "fb.io/ping:1.2.10", "fb.io/ping:2.0.0", "fb.io/pinger:1.9.0"]


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("fb.io/ping:1", "fb.io/ping:1.2.10"),
        ("fb.io/ping:1.2", "fb.io/ping:1.2.10"),
        ("fb.io/ping:1.0", "fb.io/ping:1.0.0"),
        ("fb.io/ping:1.2.9", "fb.io/ping:1.2.9"),
        ("fb.io/ping:1.2.8", None),
        ("fb.io/ping:3", None),
        ("fb.io/pong:1", None),
    ],
)
def test_a_reference_means_the_newest_version_that_starts_so(reference: str, found: str | None) -> None:
    assert resolve(SemverRef.parse(reference), REGISTERED) == found


@pytest.mark.parametrize(
    "text", ["", "ping:1", "a/b", "a/b:", "a/b:1.", "a/b:x", "a/b:1.2.3.4", "a/b/c:1", "a/b:1\n", "a/b:٣"]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a reference"):
        SemverRef.parse(text)


def test_an_id_names_an_exact_version() -> None:
    assert exact("a/b:1.2.3") == Version(1, 2, 3)
    with pytest.raises(UsageError, match="exact"):
        exact("a/b:1.2")


@given(versions=st.lists(VERSIONS, min_size=1), wanted=VERSIONS, digits=st.integers(1, 3))
def test_what_is_found_is_covered_and_nothing_newer_is(versions: list[Version], wanted: Version, digits: int) -> None:
    reference = SemverRef.parse("a/b:" + ".".join(map(str, wanted[:digits])))

    found = resolve(reference, [f"a/b:{version}" for version in versions])

    covered = [version for version in versions if version[:digits] == wanted[:digits]]
    assert found == (f"a/b:{max(covered)}" if covered else None)


@given(version=VERSIONS, bump=st.sampled_from(BUMPS))
def test_a_bump_is_newer_and_of_its_size(version: Version, bump: Bump) -> None:
    assert version.bumped(bump) > version
    assert version.bumped(bump).bump_from(version) == bump


@given(version=VERSIONS, digits=st.integers(1, 3))
def test_a_reference_is_written_as_it_was_read(version: Version, digits: int) -> None:
    text = "a/b:" + ".".join(map(str, version[:digits]))

    assert str(SemverRef.parse(text)) == text
