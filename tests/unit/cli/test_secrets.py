"""What ends a command shows no secret."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from neops.cli import main as cli
from neops.cli.secrets import command_redactor, redacting
from neops.errors import NeopsError, UsageError
from neops.logs import MASK


@pytest.mark.parametrize(("error", "code"), [(UsageError, 2), (NeopsError, 1), (ValueError, 1)])
def test_an_error_is_shown_without_the_secrets_that_the_command_has_learnt(
    error: type[Exception], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*_: Any) -> None:
        command_redactor().add("Hunter-22")
        raise error("refused Hunter-22 and https://ops:other@host")

    monkeypatch.setattr(cli, "app", command)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    said = capsys.readouterr().err
    assert ended.value.code == code
    assert f"refused {MASK} and https://ops:{MASK}@host" in said
    assert "Hunter-22" not in said


def test_a_command_has_one_redactor_and_the_next_another(monkeypatch: pytest.MonkeyPatch) -> None:
    had = []
    monkeypatch.setattr(cli, "app", lambda: had.append((command_redactor(), command_redactor())))
    monkeypatch.setattr(sys, "argv", ["neops"])

    cli.main()
    cli.main()

    (first, again), (second, _) = had
    assert first is again
    assert first is not second


def test_an_error_that_ends_a_thread_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("refused Hunter-22")

    with redacting():
        thread = threading.Thread(target=fail, name="author-1")
        thread.start()
        thread.join()

    (record,) = caplog.records
    assert record.message == "a thread ended with an error"
    assert vars(record)["name_of_thread"] == "author-1"
