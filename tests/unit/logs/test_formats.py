from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from neops.concurrency import run_in_thread
from neops.logs import LogFormat, Redactor, configure_logging, current_fields, log_context

logger = logging.getLogger("neops.test")


@pytest.fixture
def configure() -> Iterator[Callable[[LogFormat], io.StringIO]]:
    root, level = logging.getLogger(), logging.getLogger().level
    stream = io.StringIO()

    def start(form: LogFormat) -> io.StringIO:
        configure_logging("INFO", format=form, stream=stream, redactor=Redactor())
        return stream

    before = root.handlers[:]
    yield start
    root.handlers[:] = before
    root.setLevel(level)


def test_a_console_line_shows_the_fields_after_the_message(configure: Callable[[LogFormat], io.StringIO]) -> None:
    output = configure("console")

    logger.warning("poll refused", extra={"status": 403, "reason": "no such worker"})

    line = output.getvalue()
    assert line.endswith(' WARNING neops.test poll refused status=403 reason="no such worker"\n')


def test_a_json_line_holds_everything_in_one_object(configure: Callable[[LogFormat], io.StringIO]) -> None:
    output = configure("json")

    try:
        raise ValueError("boom")
    except ValueError:
        logger.exception("job failed", extra={"job": "j1"})

    line = json.loads(output.getvalue())
    assert (line["level"], line["logger"], line["message"], line["job"]) == ("ERROR", "neops.test", "job failed", "j1")
    assert line["ts"].endswith("+00:00")
    assert line["exc"].endswith("ValueError: boom")


async def test_context_fields_reach_every_line_of_a_job_also_from_threads(
    configure: Callable[[LogFormat], io.StringIO],
) -> None:
    output = configure("json")

    with log_context(job="j1", device=None):
        await asyncio.create_task(run_in_thread(logger.info)("in a thread"))
        with log_context(device="r1"):
            logger.info("inner", extra={"job": "its own"})
    logger.info("outside")

    in_thread, inner, outside = map(json.loads, output.getvalue().splitlines())
    assert (in_thread["job"], "device" in in_thread) == ("j1", False)
    assert (inner["job"], inner["device"]) == ("its own", "r1")
    assert "job" not in outside
    assert current_fields() == {}


def test_configuring_again_does_not_double_the_lines(configure: Callable[[LogFormat], io.StringIO]) -> None:
    configure("console")
    output = configure("console")

    logger.info("once")

    assert output.getvalue().count("once") == 1


def test_chatty_libraries_are_quiet_unless_debugging_is_asked_for(
    configure: Callable[[LogFormat], io.StringIO],
) -> None:
    output = configure("console")

    logging.getLogger("paramiko.transport").info("kex algos")

    assert output.getvalue() == ""
