"""Where `neops detect` has user and password from."""

from __future__ import annotations

import pytest

from neops.cli.detect import with_credentials


class Terminal:
    """Somebody who types a password."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return self.answer


def test_the_password_of_a_named_user_is_asked_for() -> None:
    terminal = Terminal("s3cret")

    known = with_credentials({"NEOPS_USERNAME": "other"}, "ops", terminal)

    assert known == {"NEOPS_USERNAME": "ops", "NEOPS_PASSWORD": "s3cret"}
    assert terminal.asked == ["Password of ops (empty: keys): "]


@pytest.mark.parametrize("environment", [{"NEOPS_USERNAME": "ops", "NEOPS_PASSWORD": "known"}, {}])
def test_nothing_is_asked_where_it_is_known_or_nobody_is_named(environment: dict[str, str]) -> None:
    terminal = Terminal("s3cret")

    assert with_credentials(environment, None, terminal) == environment
    assert terminal.asked == []


def test_without_a_terminal_nothing_is_asked() -> None:
    assert with_credentials({}, "ops", None) == {"NEOPS_USERNAME": "ops"}
