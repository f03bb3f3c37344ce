"""A worker process at an engine that knows only what is published: leaving, blocking, starting wrongly."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork

pytestmark = pytest.mark.slow

SHOW = """
from neops import FunctionBlock, FunctionBlockParams, FunctionBlockResult, FunctionBlockResultData, Registration
from neops import WorkflowContext, register_function_block
from neops.devices import RunsCommands


@register_function_block(
    Registration(name="show", package="fb.example.io", version=(1, 0, 0), description="Reads the version",
                 run_on="device", fb_type="facts", param_cls=FunctionBlockParams, result_cls=FunctionBlockResultData))
class Show(FunctionBlock[FunctionBlockParams, FunctionBlockResultData]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext):
        router = context.connect(RunsCommands)
        await router.send_command("show version")
        return FunctionBlockResult(success=True)
"""


def job(block: str, **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "stepLabel": "s1",
        "type": "execute",
        "runOn": "global",
        "entityId": None,
        "parameters": {},
    }
    context: dict[str, Any] = {"devices": [], "deviceGroups": [], "interfaces": []}
    return {"functionBlockId": f"fb.example.io/{block}:1.0.0", "jobId": "j1", "context": context} | plain | more


@pytest.fixture
def start_worker(start: Any, plain_engine: Any, folder: Path, tmp_path: Path) -> Any:
    def start_worker(*flags: object, **variables: object) -> Any:
        given = {"NEOPS_STATE_DIR": tmp_path / "state", "HEARTBEAT_INTERVAL": 0.5, "POLL_INTERVAL": 0.2} | variables
        return start("worker", "--blocks", folder / "blocks", "--url", plain_engine.url, *flags, **given)

    return start_worker


@pytest.fixture(scope="module")
def router() -> Iterator[RunningDevice]:
    with SimulatedNetwork([SimulatedDevice(name="r1", platform="cisco_ios")]) as network:
        yield network["r1"]


async def until(happened: Any, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not happened():
            await asyncio.sleep(0.01)


async def test_sigterm_lets_a_running_job_end_and_its_result_arrive(
    plain_engine: Any, start_worker: Any, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    parameters = {"text": "done", "journal": str(journal), "seconds": 2.0}
    plain_engine.jobs = [[job("once", parameters=parameters)]]
    worker = start_worker(SHUTDOWN_TIMEOUT=10)
    await until(journal.exists)

    worker.terminate()
    code = await worker.ended()

    assert code == 0
    (result,) = plain_engine.of("/blackboard/job/result")
    assert (result["status"], result["result"]["message"]) == ("success", "done")
    assert plain_engine.calls[-1][1] == "/workers/w1/unregister"


async def test_sigterm_cancels_a_job_that_takes_too_long_closes_its_sessions_and_says_so(
    plain_engine: Any, start_worker: Any, router: RunningDevice, tmp_path: Path
) -> None:
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    (blocks / "show.py").write_text(SHOW)
    router.forget()
    router.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="show version")
    device = {"id": 7, "hostname": "r1", "ip": "127.0.0.1", "port": router.port, "username": "neops"}
    known = {"password": router.spec.password, "platform": {"id": 3, "name": "IOS", "shortName": "cisco_ios"}}
    context = {"devices": [device | known], "deviceGroups": [], "interfaces": []}
    plain_engine.jobs = [[job("show", runOn="device", entityId=7, context=context)]]
    devices = {"NEOPS_KNOWN_HOSTS": tmp_path / "known_hosts", "NEOPS_PLUGINS": "scrapli"}
    worker = start_worker("--blocks", blocks, SHUTDOWN_TIMEOUT=1, **devices)
    await until(lambda: "show version" in router.commands)

    asked_at = time.monotonic()
    worker.terminate()
    code = await worker.ended()
    took_s = time.monotonic() - asked_at

    assert code == 1
    assert took_s < 4  # nothing else would end this job
    await until(lambda: router.sessions == 0, within_s=5)
    (result,) = plain_engine.of("/blackboard/job/result")
    assert (result["status"], result["result"]["message"]) == ("failed", "the worker was shut down")
    assert plain_engine.calls[-1][1] == "/workers/w1/unregister"


async def test_a_block_that_blocks_its_loop_delays_no_heartbeat_and_is_named(
    plain_engine: Any, start_worker: Any, folder: Path, tmp_path: Path
) -> None:
    parameters = {"text": "", "journal": str(tmp_path / "journal"), "seconds": 2.0}
    worker = start_worker()
    await until(lambda: len(plain_engine.of("/ping")) > 2)
    plain_engine.jobs = [[job("blocking", parameters=parameters)]]
    await until(lambda: plain_engine.of("/blackboard/job/result"))
    await until(lambda: len(plain_engine.times("/ping")) > 7)

    answered_at = plain_engine.times("/blackboard/job/result")[0]
    pings = [at for at in plain_engine.times("/ping") if answered_at - 1.9 < at < answered_at + 0.6]
    gaps = [later - earlier for earlier, later in itertools.pairwise(pings)]
    assert len(gaps) >= 3
    assert gaps == pytest.approx([0.5] * len(gaps), abs=0.4)  # blocked they were 2 s
    (line,) = [line for line in worker.said.splitlines() if "the event loop is blocked" in line]
    probes = folder / "blocks" / "probes.py"
    number = 1 + probes.read_text().splitlines().index("        time.sleep(params.seconds)")
    assert f"file={probes} line={number} function=Blocking.run" in line


async def test_the_log_in_json_names_run_job_step_and_device_of_each_line(
    plain_engine: Any, start_worker: Any, tmp_path: Path
) -> None:
    device = {"id": 7, "hostname": "r1", "ip": "192.0.2.7"}
    context = {"devices": [device], "deviceGroups": [], "interfaces": []}
    parameters = {"text": "", "journal": str(tmp_path / "journal"), "seconds": 1.5}
    plain_engine.jobs = [[job("blocking", runOn="device", entityId=7, context=context, parameters=parameters)]]
    worker = start_worker("--log-format", "json")
    await until(lambda: plain_engine.of("/blackboard/job/result"))
    await until(lambda: "the event loop is blocked" in worker.said)

    lines = [json.loads(line) for line in worker.said.splitlines()]
    (line,) = [line for line in lines if "the event loop is blocked" in str(line)]
    assert (line["job"], line["step"], line["device"]) == ("j1", "s1", "r1")


@pytest.mark.parametrize(
    ("flags", "variables", "code", "said"),
    [
        (["--concurrency", 0], {}, 2, "neops: WORKER_CONCURRENCY=0: expected greater than or equal to 1"),
        ([], {"HEARTBEAT_INTERVAL": "soon"}, 2, "neops: HEARTBEAT_INTERVAL=soon: expected a valid number"),
        (["--blocks", "nowhere"], {}, 2, "neops: no such directory of function blocks: nowhere"),
        (["--blocks", "broken", "--strict"], {}, 1, "neops: function blocks cannot be loaded: "),
        (["--blocks", "twice"], {}, 2, "neops: two blocks are called fb.example.io/once:1.0.0: "),
    ],
)
async def test_a_wrong_start_is_one_line_and_an_exit_code(
    start_worker: Any, folder: Path, flags: list[object], variables: dict[str, object], code: int, said: str
) -> None:
    (folder / "broken").mkdir(exist_ok=True)
    (folder / "broken" / "broken.py").write_text("import nothing_like_this\n")
    (folder / "twice").mkdir(exist_ok=True)
    (folder / "twice" / "copy.py").write_text((folder / "blocks" / "probes.py").read_text())
    worker = start_worker(*flags, **variables)

    assert await worker.ended() == code

    last = worker.said.splitlines()[-1]
    assert last.startswith(said)
    if "twice" in flags:
        assert "copy.py" in last
        assert "probes.py" in last
