"""Transcripts on disk, whole and cut off."""

from __future__ import annotations

import json
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from neops.devices.transcript import (
    FORMAT,
    CallLine,
    DeviceLine,
    Header,
    LoginLine,
    Transcript,
    TranscriptInvalid,
    TranscriptWriter,
)

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HEADER = Header(neops="0.1.0", recorded_at=AT)
CALL = CallLine(device="r1", plugin="scrapli", at_s=1.0, took_s=0.5, method="get_facts", result={"vendor": "Acme"})


def call(number: int) -> CallLine:
    return CALL.model_copy(update={"at_s": float(number), "result": f"answer {number} " * 20})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


def write(path: Path, *lines: CallLine | DeviceLine | LoginLine, close: bool = True) -> TranscriptWriter:
    writer = TranscriptWriter(path, HEADER)
    for line in lines:
        writer.write(line.model_dump(mode="json"))
    if close:
        writer.close()
    return writer


def test_what_is_written_is_read(path: Path) -> None:
    device = DeviceLine(device="r1", platform="cisco_ios", plugin="scrapli", capabilities=("ReadsFacts",))
    login = LoginLine(device="r1", plugin="scrapli", at_s=0.0, took_s=0.1)
    write(path, login, device, CALL)

    read = Transcript.read(path)

    assert (read.header, read.devices, read.events, read.complete) == (HEADER, (device,), (login, CALL), True)


def test_a_file_cut_off_at_any_byte_is_read_up_to_its_last_whole_line(path: Path, tmp_path: Path) -> None:
    ends, calls = [], [call(number) for number in range(5)]
    writer = TranscriptWriter(path, HEADER)
    begun = path.stat().st_size
    for one in calls:
        writer.write(one.model_dump(mode="json"))
        ends.append(path.stat().st_size)
    writer.close()
    whole, cut = path.read_bytes(), tmp_path / "cut.jsonl.zst"

    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        if length < begun:
            with pytest.raises(TranscriptInvalid):
                Transcript.read(cut)
            continue
        read = Transcript.read(cut)
        assert read.events == tuple(calls[: sum(end <= length for end in ends)])
        assert not read.complete


def test_a_line_is_on_disk_before_the_file_is_closed(path: Path) -> None:
    writer = write(path, call(1), close=False)

    read = Transcript.read(path)
    writer.close()

    assert read.events == (call(1),)
    assert not read.complete


def test_events_are_read_in_the_order_in_which_they_began(path: Path) -> None:
    write(path, call(3), call(1), call(2))

    assert [event.at_s for event in Transcript.read(path).events] == [1.0, 2.0, 3.0]


def test_a_recording_is_its_owners_and_takes_no_other_files_place(path: Path) -> None:
    write(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write(path)


def test_half_a_surrogate_in_an_answer_does_not_make_the_file_unreadable(path: Path) -> None:
    write(path, CALL.model_copy(update={"result": "caf\udce9"}))

    assert Transcript.read(path).events[0].result == "caf?"  # type: ignore[union-attr]  # it is a call


def compressed(path: Path, text: str) -> Path:
    path.write_bytes(zstandard.compress(text.encode()))
    return path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no header"),
        ('{"kind":"device"}\n', "does not begin as a transcript"),
        ("hello\n", "does not begin as a transcript"),
        (
            f'{{"kind":"transcript","format":{FORMAT + 1},"neops":"9.0","recorded_at":"{AT.isoformat()}"}}\n',
            "neops 9.0",
        ),
        (f'{HEADER.model_dump_json()}\n{{"kind":"call"}}\n', "line 2"),
        (f'{HEADER.model_dump_json()}\n{{"kind":"dance"}}\n', "line 2"),
    ],
)
def test_what_is_no_transcript_is_said_with_file_and_line(text: str, problem: str, path: Path) -> None:
    with pytest.raises(TranscriptInvalid, match=problem) as refused:
        Transcript.read(compressed(path, text))

    assert str(path) in str(refused.value)


def test_a_file_that_is_missing_damaged_or_something_else_is_said(path: Path) -> None:
    with pytest.raises(TranscriptInvalid, match="cannot be read: No such file"):
        Transcript.read(path)
    path.write_text("interface Gi0/1\n shutdown\n")
    with pytest.raises(TranscriptInvalid, match="is no Zstandard file, or is damaged"):
        Transcript.read(path)


def test_fields_of_later_versions_are_passed_over(path: Path) -> None:
    lines = [{**line.model_dump(mode="json"), "mood": "good"} for line in (HEADER, CALL)]

    assert Transcript.read(compressed(path, "\n".join(map(json.dumps, lines)) + "\n")).events == (CALL,)


def test_a_byte_that_is_not_what_it_was_is_noticed_or_does_no_harm(path: Path) -> None:
    write(path, call(1), call(2))
    whole = path.read_bytes()

    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with suppress(TranscriptInvalid):
            assert len(Transcript.read(path).events) <= 2
