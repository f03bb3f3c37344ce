"""Runs `neops …` in forks of a process that has imported it: as its user does, without 1.5 s of imports each time.

Reads one order a line, `{"arguments", "cwd", "environment", "out", "err"}` in JSON, and answers with the exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from typing import Any

IMPORTED = (
    *("neops.cli.workflows", "neops.cli.detect", "neops.cli.targets", "neops.cli.transcripts", "neops.library"),
    *("neops_scrapli.session", "neops_nornir.netmiko", "neops_nornir.session", "neops_napalm.session"),
)


def serve() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(order: dict[str, Any]) -> None:
    """Be the process of that command; does not return."""
    from neops.cli.main import main

    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for target, descriptor in ((os.devnull, 0), (order["out"], 1), (order["err"], 2)):
        os.dup2(os.open(target, os.O_RDWR | os.O_CREAT), descriptor)
    sys.argv = ["neops", *order["arguments"]]
    main()
    sys.exit()


if __name__ == "__main__":
    serve()
