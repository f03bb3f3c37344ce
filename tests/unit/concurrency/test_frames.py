from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from neops.concurrency.frames import current_frames

STORM = """
import gc, threading, time, weakref
from neops.concurrency.frames import current_frames

kept = []

class Node:
    pass

def dropped(reference):
    time.sleep(0.0001)  # hands the interpreter lock on, in the middle of a collection

def litter():
    node = Node()
    node.itself = node
    kept.append(weakref.ref(node, dropped))
    if len(kept) > 200:
        kept.clear()
    time.sleep(0)

def nap():
    time.sleep(0)

def start():
    thread = threading.Thread(target=nap)
    thread.start()
    thread.join()

def look():
    current_frames()
    time.sleep(0)

def again(work, until):
    while time.monotonic() < until:
        work()

gc.set_threshold(20, 2, 2)
until = time.monotonic() + 1.5
wanted = [work for work, count in ((litter, 6), (look, 4), (nap, 20), (start, 3)) for _ in range(count)]
threads = [threading.Thread(target=again, args=(work, until), daemon=True) for work in wanted]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    yield
    gc.enable()


def test_every_thread_shows_where_it_is() -> None:
    frame = current_frames()[threading.get_ident()]

    assert frame.f_code.co_name == "current_frames"
    assert frame.f_back is not None
    assert frame.f_back.f_code.co_name == "test_every_thread_shows_where_it_is"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    if not enabled:
        gc.disable()

    current_frames()

    assert gc.isenabled() is enabled


@pytest.mark.slow
def test_looking_at_threads_stops_no_process_that_collects_garbage() -> None:
    """With sys._current_frames itself it stands still on CPython 3.11.7."""
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "done"
