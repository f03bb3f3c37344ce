"""The blocks that one worker offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from neops.blocks.block import BlockClass
from neops.errors import RegistrationInvalid


class BlockRegistry(Mapping[str, BlockClass]):
    """Blocks by `package/name:1.2.3`, in the order in which they were found."""

    def __init__(self) -> None:
        self._blocks: dict[str, BlockClass] = {}
        self._files: dict[str, Path | None] = {}

    def add(self, block: BlockClass, file: Path | None = None) -> None:
        """Offer a block; `file` is where it was found, for people.

        Raises:
            RegistrationInvalid: another block has the same identifier; the message names both files.
        """
        identifier = block.registration.id
        if (known := self._blocks.get(identifier)) is not None and known is not block:
            first, second = (f"{one.__qualname__} in {place}" for one, place in self._both(identifier, block, file))
            raise RegistrationInvalid(f"two blocks are called {identifier}: {first} and {second}")
        self._blocks[identifier], self._files[identifier] = block, file

    def __getitem__(self, identifier: str) -> BlockClass:
        return self._blocks[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    def _both(
        self, identifier: str, block: BlockClass, file: Path | None
    ) -> tuple[tuple[BlockClass, Path | str], tuple[BlockClass, Path | str]]:
        known = self._blocks[identifier]
        return (known, self._files[identifier] or known.__module__), (block, file or block.__module__)
