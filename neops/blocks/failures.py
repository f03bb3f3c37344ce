"""What an exception out of a block means: the network is wrong, or something broke."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from neops.blocks.outcome import BlockError, BlockOutcome
from neops.blocks.parameters import problems
from neops.entities.jsonable import NotJson
from neops.errors import BlockFailed, NeopsError

_OWN = tuple(str(Path(__file__).parents[1] / room) for room in ("blocks", "concurrency"))
_SHOWN = 5


class BadResult(NeopsError):
    """A block gave back something else than a result."""

    retryable = False


def outcome_of(error: BaseException, is_author_file: Callable[[str], bool]) -> BlockOutcome:
    """The outcome of a block that raised.

    A BlockFailed is a failure. Our own errors need no traceback: their message names the device and the next step.
    Of others the message names the line in the author's file. An exception group counts as what all of its exceptions
    are.
    """
    leaves = list(_leaves(error))
    if all(isinstance(leaf, BlockFailed) for leaf in leaves):
        message = _joined([_text(leaf) for leaf in leaves])
        return BlockOutcome(success=False, message=message, retryable=_retryable(leaves))
    explained = all(isinstance(leaf, NeopsError | NotJson) for leaf in leaves)
    message = _joined([_text(leaf) if explained else _located(leaf, is_author_file) for leaf in leaves])
    names = {type(leaf).__name__ for leaf in leaves}
    broken = BlockError(
        type=names.pop() if len(names) == 1 else type(error).__name__,
        message=message,
        traceback=None if explained else _author_traceback(error),
        retryable=_retryable(leaves),
    )
    return BlockOutcome(success=False, message=message, retryable=broken.retryable, error=broken)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _retryable(leaves: Sequence[BaseException]) -> bool | None:
    """False when trying again cannot help any of them, None when nobody knows."""
    if all(isinstance(leaf, NeopsError) for leaf in leaves):
        return any(leaf.retryable for leaf in leaves if isinstance(leaf, NeopsError))
    return False if all(isinstance(leaf, NotJson) for leaf in leaves) else None


def _text(error: BaseException) -> str:
    """Its message, with what was noted on its way: that a change could not be taken back, say."""
    try:
        said = f"{error.title}: {problems(error)}" if isinstance(error, ValidationError) else str(error)
        return "; ".join([said or type(error).__name__, *getattr(error, "__notes__", ())])
    except Exception:  # noqa: BLE001  # an author's __str__ may be broken as well
        return f"{type(error).__name__} (its message cannot be shown)"


def _located(error: BaseException, is_author_file: Callable[[str], bool]) -> str:
    """Its type, its message, and the author's line that led there: `KeyError: 'x' (/blocks/facts.py, line 12)`."""
    frames = traceback.extract_tb(error.__traceback__)
    place = next(
        (f" ({one.filename}, line {one.lineno})" for one in reversed(frames) if is_author_file(one.filename)), ""
    )
    return f"{_typed_text(error)}{place}"


def _typed_text(error: BaseException) -> str:
    name, text = type(error).__name__, _text(error)
    if "'coroutine' object" in text:
        text = f"{text}; is an await missing?"
    return name if text == name else f"{name}: {text}"


def _joined(messages: Sequence[str]) -> str:
    shown = "; ".join(messages[:_SHOWN])
    return f"{shown}; and {len(messages) - _SHOWN} more" if len(messages) > _SHOWN else shown


def _author_traceback(error: BaseException) -> str:
    """The traceback from the first frame that is not ours."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None and trace.tb_frame.f_code.co_filename.startswith(_OWN):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))
