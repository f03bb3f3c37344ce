"""What threads are doing, asked so that nothing stops for ever."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Mapping
from types import FrameType

_one_at_a_time = threading.Lock()


def current_frames() -> Mapping[int, FrameType]:
    """The innermost frame of every thread, by the thread's identifier.

    `sys._current_frames()` allocates while it holds the interpreter's list of threads. Where that sets off the garbage
    collector, a finalizer may hand the interpreter lock to a thread that wants the list as well, and the process
    stands still (CPython up to 3.11.8, gh-106883). So there is no collection meanwhile.
    """
    with _one_at_a_time:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()
