"""The files of a fake device: what TransfersFiles works on in tests of blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from neops.devices import FileTransfer, Progress, RemoteFile
from neops.errors import TransferFailed


class FakeFiles:
    """Files by name, in memory. Script them under `"files"`: `{"flash:/old.bin": b"…"}`."""

    def __init__(self, device: str, contents: Mapping[str, bytes]) -> None:
        self._device = device
        self.contents = dict(contents)

    def put_file(
        self,
        source: Path | str,
        destination: str,
        *,
        overwrite: bool = False,
        within_s: float = 0.0,  # noqa: ARG002  # the capability's signature
        progress: Progress | None = None,
    ) -> FileTransfer:
        content = Path(source).read_bytes()
        there = self.contents.get(destination)
        if there not in (None, content) and not overwrite:
            raise TransferFailed(self._device, f"{destination} exists and is another file; overwrite=True replaces it")
        self.contents[destination] = content
        return self._transferred(destination, content, progress, transferred=there != content)

    def get_file(
        self,
        source: str,
        destination: Path | str,
        *,
        within_s: float = 0.0,  # noqa: ARG002
        progress: Progress | None = None,
    ) -> FileTransfer:
        content = self._known(source)
        Path(destination).write_bytes(content)
        return self._transferred(source, content, progress, transferred=True)

    def list_files(self, folder: str = "") -> Sequence[RemoteFile]:
        named = {
            name.removeprefix(folder): content for name, content in self.contents.items() if name.startswith(folder)
        }
        return [RemoteFile(name=name.lstrip("/"), size=len(content)) for name, content in named.items()]

    def remove_file(self, name: str) -> None:
        self._known(name)
        del self.contents[name]

    def _known(self, name: str) -> bytes:
        if name not in self.contents:
            raise TransferFailed(self._device, f"there is no file {name}")
        return self.contents[name]

    def _transferred(self, name: str, content: bytes, progress: Progress | None, *, transferred: bool) -> FileTransfer:
        if progress is not None:
            progress(len(content), len(content), name)
        return FileTransfer(
            device=self._device,
            path=name,
            size=len(content),
            verified="sha512",
            digest=hashlib.sha512(content).hexdigest(),
            transferred=transferred,
        )
