"""Transcripts on disk: JSON lines in Zstandard (RFC 8878), each line whole on disk before the next is begun."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import zstandard
from pydantic import ValidationError

from neops.devices.transcript.errors import TranscriptInvalid
from neops.devices.transcript.lines import FORMAT, LINES, CallLine, DeviceLine, Header, LoginLine

SUFFIX: Final = ".jsonl.zst"

_WINDOW_LOG: Final = 18
"""256 KiB: an output that stands in the result and in the exchange below it is kept once; 1.3 MB while it is open."""

_CHUNK: Final = 1 << 16


class TranscriptWriter:
    """One file that is being written. Safe to use from any thread.

    Each line ends a Zstandard block and is handed to the operating system: what was written is there after a kill.
    The file is new and readable by its owner only.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file: BinaryIO | None = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=_WINDOW_LOG, write_checksum=True)
        self._frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self.write(header.model_dump(mode="json"))

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line of JSON; nothing after `close`."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        with self._lock:
            if self._file is not None:
                data = self._frame.compress(text + b"\n")
                self._file.write(data + self._frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
                self._file.flush()

    def close(self) -> None:
        """End the frame, which says that nothing is missing."""
        with self._lock:
            if self._file is not None:
                file, self._file = self._file, None
                with file:
                    file.write(self._frame.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A transcript that was read. `complete` is False when its end is missing: whoever wrote it was killed."""

    header: Header
    devices: tuple[DeviceLine, ...] = ()
    events: tuple[LoginLine | CallLine, ...] = ()
    complete: bool = True

    @classmethod
    def read(cls, path: Path) -> Transcript:
        """Read a file, as far as it was written.

        Raises:
            TranscriptInvalid: it is no transcript, is damaged, or a newer neops wrote it.
        """
        lines = _Lines(path)
        header: Header | None = None
        devices: list[DeviceLine] = []
        events: list[LoginLine | CallLine] = []
        for number, text in enumerate(lines, start=1):
            if header is None:
                header = _header(path, text)
                continue
            try:
                line = LINES.validate_json(text)
            except ValidationError as error:
                problem = error.errors(include_input=False, include_url=False)[0]
                raise TranscriptInvalid(f"{path}: line {number}: {problem['msg']}") from None
            if isinstance(line, DeviceLine):
                devices.append(line)
            else:
                events.append(line)
        if header is None:
            raise TranscriptInvalid(f"{path}: holds no header: it is no transcript, or was cut off in its first line")
        events.sort(key=lambda event: event.at_s)  # written as they ended; each lane is told as it began
        return cls(header=header, devices=tuple(devices), events=tuple(events), complete=lines.complete)


class _Lines:
    """The whole lines of a file, decompressed piece by piece; `complete` once its end was seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for piece in self._pieces():
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole

    def _pieces(self) -> Iterator[bytes]:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            with self._path.open("rb") as file:
                while data := file.read(_CHUNK):
                    yield frame.decompress(data)
        except OSError as error:
            raise TranscriptInvalid(f"{self._path}: cannot be read: {error.strerror or error}") from None
        except zstandard.ZstdError as error:
            raise TranscriptInvalid(f"{self._path}: is no Zstandard file, or is damaged: {error}") from None
        self.complete = frame.eof


def _header(path: Path, text: bytes) -> Header:
    try:
        header = Header.model_validate_json(text)
    except ValidationError:
        raise TranscriptInvalid(f"{path}: does not begin as a transcript") from None
    if header.format > FORMAT:
        raise TranscriptInvalid(
            f"{path}: format {header.format} was written by neops {header.neops}; this one reads up to {FORMAT}"
        )
    return header
