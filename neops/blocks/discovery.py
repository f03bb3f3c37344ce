"""Finding blocks: in directories of Python files and in installed packages.

A file that cannot be imported is left out, with its traceback, and does not take the others with it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import logging
import os
import pkgutil
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TypeGuard

from neops.blocks.block import BlockClass, FunctionBlock
from neops.blocks.registration import recording
from neops.blocks.registry import BlockRegistry
from neops.errors import NeopsError, SettingsInvalid

logger = logging.getLogger(__name__)

BLOCK_GROUP = "neops.function_blocks"
"""Entry-point group in which packages offer blocks; the value names a module, or a package with all it holds."""

_SKIPPED_DIRECTORIES = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True, kw_only=True)
class BrokenSource:
    """A file or an installed package that could not be loaded. `error` is one line, `traceback` the whole story."""

    source: str
    error: str
    traceback: str


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What was found, and what is broken."""

    registry: BlockRegistry
    broken: tuple[BrokenSource, ...] = ()


def discover(directories: Iterable[Path] = (), *, installed: Iterable[EntryPoint] | None = None) -> Discovery:
    """All blocks below the directories and in the installed packages (`installed`: those of BLOCK_GROUP).

    Python files are imported under names of their own, so that two directories may both have a `facts.py`. They may
    import each other relatively, or absolutely as seen from their directory, which goes to the end of `sys.path`.
    Tests, hidden directories and virtual environments are left out; a file is read once, however it is reached. A path
    may also be one file.

    Raises:
        SettingsInvalid: a directory does not exist.
        RegistrationInvalid: two blocks have the same identifier.
    """
    loading = _Loading()
    for entry_point in _installed() if installed is None else installed:
        loading.load_installed(entry_point)
    for directory in directories:
        loading.load_directory(directory)
    return Discovery(registry=loading.registry, broken=tuple(loading.broken))


def _installed() -> list[EntryPoint]:
    return sorted(entry_points(group=BLOCK_GROUP), key=lambda entry_point: (entry_point.name, entry_point.value))


class _Loading:
    def __init__(self) -> None:
        self.registry = BlockRegistry()
        self.broken: list[BrokenSource] = []
        self._seen: set[Path] = set()

    def load_directory(self, path: Path) -> None:
        resolved = path.resolve()
        if not resolved.exists():
            raise SettingsInvalid(f"no such directory of function blocks: {path}")
        listed = [resolved] if resolved.is_file() else python_files(resolved)
        files = [file for file in listed if file.resolve() not in self._seen]
        self._seen.update(file.resolve() for file in files)
        if not files:
            return
        package, base = _make_package(resolved)
        found: list[BlockClass] = []
        loaded: set[str] = set()
        with recording(found.append):
            for file in files:
                name = ".".join((package, *_module_parts(file, base)))
                if self._import(name, str(file)):
                    loaded.add(name)
        for block in found:
            if block.__module__ in loaded:
                self.registry.add(block, _file_of(block))

    def load_installed(self, entry_point: EntryPoint) -> None:
        source = f"{entry_point.name} = {entry_point.value}"
        module = self._import(entry_point.module, source)
        for name in _submodules(module) if module else ():
            self._import(name, f"{source} ({name})")
        for block in _blocks_in(entry_point.module):
            self.registry.add(block, _file_of(block))

    def _import(self, name: str, source: str) -> ModuleType | None:
        try:
            return importlib.import_module(name)
        except (Exception, SystemExit) as error:  # an author's module may raise anything
            error = error.with_traceback(_authors_part(error.__traceback__))
            reason, shown = _on_one_line(error), "".join(traceback.format_exception(error))
            more = None if isinstance(error, NeopsError) else error  # ours say it all
            logger.error("function blocks cannot be loaded", exc_info=more, extra={"source": source, "reason": reason})
            self.broken.append(BrokenSource(source=source, error=reason, traceback=shown))
            return None


def _authors_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is neither ours nor of the import system; None where there is none."""
    while trace is not None and not _is_authors(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _on_one_line(error: BaseException) -> str:
    """With the author's line that led there, as Python tells that of a syntax error."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_authors(frame.filename)]
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else text


def _is_authors(file: str) -> bool:
    return "importlib" not in file and Path(file).parent != Path(__file__).parent


def python_files(directory: Path) -> Iterator[Path]:
    """The files that may hold blocks, sorted."""
    for folder, directories, names in os.walk(directory):
        here = Path(folder)
        directories[:] = sorted(name for name in directories if not _is_skipped(here / name))
        yield from (here / name for name in sorted(names) if name.endswith(".py") and not _is_test(name))


def _is_skipped(directory: Path) -> bool:
    name = directory.name
    return name.startswith(".") or name in _SKIPPED_DIRECTORIES or (directory / "pyvenv.cfg").exists()


def _is_test(name: str) -> bool:
    return name.startswith(("test_", ".")) or name.endswith("_test.py") or name in {"conftest.py", "setup.py"}


def _make_package(root: Path) -> tuple[str, Path]:
    """An empty package of a name of its own, over the directory from which the modules of `root` are named.

    That is `root`, or the first directory above it that is not itself a Python package.
    """
    name = f"neops_blocks_{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"
    for module in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[module]  # from an earlier discovery: its blocks have been handed out
    directory = root.parent if root.is_file() else root
    base = next(parent for parent in (directory, *directory.parents) if not (parent / "__init__.py").exists())
    package = ModuleType(name, "Function blocks of one directory.")
    package.__path__ = [str(base)]
    sys.modules[name] = package
    sys.path.extend(entry for entry in dict.fromkeys((str(directory), str(base))) if entry not in sys.path)
    importlib.invalidate_caches()
    return name, base


def _module_parts(file: Path, base: Path) -> tuple[str, ...]:
    parts = file.relative_to(base).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _submodules(module: ModuleType) -> list[str]:
    """Names of all modules below a package, without importing any: a broken one must not hide the others."""
    names: list[str] = []
    pending = [(module.__name__, list(getattr(module, "__path__", ())))]
    while pending:
        package, path = pending.pop()
        for found in pkgutil.iter_modules(path):
            name = f"{package}.{found.name}"
            names.append(name)
            if found.ispkg:
                pending.append((name, [str(Path(entry) / found.name) for entry in path]))
    return sorted(names)


def _blocks_in(package: str) -> Iterator[BlockClass]:
    # Not by recording: a package's modules may have been imported before anybody looked for blocks.
    inside = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    for name in sorted(inside):
        own = [value for value in vars(sys.modules[name]).values() if getattr(value, "__module__", None) == name]
        yield from (block for block in own if _is_registered(block))


def _is_registered(value: object) -> TypeGuard[BlockClass]:
    return isinstance(value, type) and issubclass(value, FunctionBlock) and "registration" in vars(value)


def _file_of(block: BlockClass) -> Path | None:
    file = getattr(sys.modules.get(block.__module__), "__file__", None)
    return Path(file) if file else None
