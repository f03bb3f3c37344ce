"""Platforms from their YAML files: those that come with neops, and others by path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from neops.errors import UsageError
from neops.testing.simulator.platform import Platform


class PlatformInvalid(UsageError):
    """A platform file cannot be read, or there is none of this name; the message names the file and the entry."""


def shipped_platforms() -> tuple[str, ...]:
    """Names of the platforms that come with neops."""
    files = resources.files(__package__).joinpath("platforms").iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


def load_platform(name: str) -> Platform:
    """A shipped platform by its name, or one of your own by the path of its YAML file (it ends in `.yaml`).

    Raises:
        PlatformInvalid: no such platform, or an entry of the file is wrong.
    """
    data = _read(name)
    try:
        return Platform.model_validate({"name": FilePath(name).stem, **data})
    except ValidationError as error:
        entries = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise PlatformInvalid(f"platform {name}: {entries}") from error


def _read(name: str) -> dict[str, Any]:
    file = (
        FilePath(name) if name.endswith(".yaml") else resources.files(__package__).joinpath("platforms", f"{name}.yaml")
    )
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except FileNotFoundError:
        raise PlatformInvalid(
            f"there is no simulated platform {name!r}; there are {', '.join(shipped_platforms())}"
        ) from None
    if not isinstance(data, dict):
        raise PlatformInvalid(f"platform {name}: the file must be a mapping")
    base = data.pop("extends", None)
    return _merged(_read(base), data) if base else data


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key, anything else is replaced; null removes."""
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged
