"""The CMS with 30,000 devices: imported from a server that pages like NetBox, and queried over HTTP.

Server, import and engine are processes of their own.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode, urlsplit

from tests.benchmarks.fleet import Message
from tests.benchmarks.stack import neops_process
from tests.integration.cms.netbox_server import TOKEN

DEVICES = 30_000
CALLS = 300
"""Of each query."""
TIMEOUT_S = 600
QUERIES = {
    "host name's prefix": "hostname:r0123*",
    "platform": "platform.short_name:cisco_ios",
    "group": "groups.name:site__site-7",
    "fact": "facts.role:core",
    "rare fact": "facts.rack:r1 AND facts.site:site-42 AND NOT facts.role:core",
    "two common, one not": "hostname:r1* AND facts.role:core AND NOT platform.short_name:arista_eos",
    "three common": "hostname:r* AND facts.status:active AND NOT facts.role:core",
}


class CmsTimes(Message):
    """Seconds for a first import and a second full one; milliseconds for a query's first page, by its name."""

    first_s: float
    again_s: float
    p99_ms: dict[str, float]


def measure() -> CmsTimes:
    with tempfile.TemporaryDirectory() as name, _netbox() as netbox:
        folder = Path(name)
        database = f"sqlite:///{folder / 'neops.db'}"
        first_s, first = _import(netbox, database)
        again_s, again = _import(netbox, database)
        if not first.endswith("0 changed, 0 unchanged") or not again.startswith("0 created, 0 changed, "):
            raise RuntimeError(f"imports gave {first!r} and {again!r}")
        command = ["engine", "--port", "0", "--no-auth", "--database", database]
        with neops_process(command, folder) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[4]
            return CmsTimes(first_s=first_s, again_s=again_s, p99_ms=_ask(url))


def _import(netbox: str, database: str) -> tuple[float, str]:
    command = ["cms", "import", f"netbox:{netbox}", "--full", "--database", database]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "neops", *command],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
        env=os.environ | {"NETBOX_TOKEN": TOKEN},
    )
    return time.perf_counter() - start, done.stdout.strip()


def _ask(url: str) -> dict[str, float]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    samples: dict[str, list[float]] = {name: [] for name in QUERIES}
    for _ in range(CALLS):
        for name, query in QUERIES.items():
            start = time.perf_counter()
            connection.request("GET", f"/cms/devices?{urlencode({'query': query})}")
            body = connection.getresponse().read()
            samples[name].append((time.perf_counter() - start) * 1e3)
            if not json.loads(body)["items"]:
                raise RuntimeError(f"{query} found nothing")
    connection.close()
    return {name: quantiles(times, n=100)[98] for name, times in samples.items()}


@contextmanager
def _netbox() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.integration.cms.netbox_server", str(DEVICES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(TIMEOUT_S)
