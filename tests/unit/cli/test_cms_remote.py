from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from io import BytesIO
from typing import Any, Never
from urllib.error import HTTPError

import pytest

from neops.cli import cms_port, cms_remote
from neops.cli.cms_remote import RemoteCms
from neops.cli.engine_http import EngineForbids, EngineHttp, EngineUnreachable
from neops.cms import Delivery
from neops.engine.api import cms_exchange
from neops.entities import EntityBatch, NewDevice, Secret

R1 = {"hostname": "r1", "ip": "192.0.2.1"}


class FarEngine(EngineHttp):
    """Answers from what it is told, and shows no credentials."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__("http://engine.example.net:3030", timeout_s=1)
        self._answers = answers

    def get(self, path: str, parameters: Mapping[str, object] | None = None) -> Any:
        if (parameters or {}).get("credentials"):
            raise EngineForbids("credentials are shown to clients on the engine's own machine only")
        return self._answers[path]


def test_passwords_that_the_engine_does_not_show_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FarEngine({"/cms/export": {"devices": [R1], "groups": [], "nextCursor": None}})
    known = NewDevice(hostname="r1", ip="192.0.2.1", password=Secret("s3cret"))

    copy = RemoteCms(engine).copy(None, report=lambda *_: None)
    done = copy.write(Delivery(batch=EntityBatch(devices=(known,)), changes=True))
    copy.close()

    assert (done.summary.unchanged, done.changes) == (1, ())
    assert "not compared" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [{}, [], {"devices": "r1"}, {"devices": [{}], "groups": [], "nextCursor": None}])
def test_an_answer_of_another_form_is_not_taken_for_an_inventory(answer: Any) -> None:
    with pytest.raises(EngineUnreachable, match=r"http://engine\.example\.net:3030 is no neops engine"):
        RemoteCms(FarEngine({"/cms/export": answer})).export("", credentials=False, report=lambda *_: None)


class RefusingEngine(EngineHttp):
    def __init__(self) -> None:
        super().__init__("http://engine.example.net:3030", timeout_s=1)
        self.said = BytesIO(b'{"message": "not from here"}')
        self._open = self._refuse

    def _refuse(self, fullurl: object, data: object = None, timeout: float | None = None) -> Never:
        raise HTTPError(self.url, 403, "Forbidden", Message(), self.said)


def test_the_connection_of_a_refused_call_is_closed() -> None:
    engine = RefusingEngine()

    with pytest.raises(EngineForbids, match="not from here"):
        engine.get("/cms/export")

    assert engine.said.closed


class EngineWithHistory(EngineHttp):
    """Gives three changes at a time, as the engine gives HISTORY_MAX."""

    def __init__(self, changes: int) -> None:
        super().__init__("http://engine.example.net:3030", timeout_s=1)
        self._ids = range(changes, 0, -1)

    def get(self, path: str, parameters: Mapping[str, object] | None = None) -> Any:
        before = (parameters or {}).get("before")
        older = [id_ for id_ in self._ids if not isinstance(before, int) or id_ < before]
        return [
            {
                "id": id_,
                "at": "2026-01-02T03:04:05Z",
                "author": "run",
                "run": "7",
                "entity": "device",
                "entityId": 1,
                "name": "r1",
                "operation": "changed",
                "changes": [],
            }
            for id_ in older[:3]
        ]


@pytest.mark.parametrize("changes", [0, 2, 3, 7])
def test_all_that_a_run_changed_is_read(monkeypatch: pytest.MonkeyPatch, changes: int) -> None:
    monkeypatch.setattr(cms_remote, "HISTORY_MAX", 3)

    found = RemoteCms(EngineWithHistory(changes)).history_of_run("7")

    assert [entry.id for entry in found] == [*range(changes, 0, -1)]


def test_no_more_changes_can_be_asked_for_than_an_engine_tells() -> None:
    assert cms_port.HISTORY_MAX == cms_exchange.HISTORY_MAX
