"""The `platforms` of a plugin that serves all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class EveryPlatform(Mapping[str, str]):
    """Any platform name stands for itself; listed, there are none."""

    def __getitem__(self, platform: str) -> str:
        return platform

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
