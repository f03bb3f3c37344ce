"""Runs: starting, aborting, looking at them, following their logs, fetching their files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Header
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from neops.engine.api.answers import answer, answer_all, not_found
from neops.engine.api.messages import artifact_json, event_json, run_message
from neops.engine.api.services import Parts, Services
from neops.engine.store.records import ArtifactId, Event, Run, RunId
from neops.protocol import ExecuteWorkflow, JsonObject, RunEntry, RunStatus

router = APIRouter(tags=["runs"])

KEEP_ALIVE_S = 15.0
"""Silence after which the stream says that it lives; proxies close silent connections, often after 30 or 60 s."""


@router.post("/workflow-execution", status_code=HTTPStatus.CREATED, response_model=RunEntry)
async def execute(wanted: ExecuteWorkflow, parts: Parts) -> Response:
    """Start a run; what is wrong with it shows in its status."""
    return answer(run_message(await parts.runs.start(wanted)), HTTPStatus.CREATED)


@router.get("/workflow-execution", response_model=list[RunEntry])
async def find(parts: Parts) -> Response:
    return answer_all([run_message(run) for run in await parts.store.runs.find()])


@router.get("/workflow-execution/active", response_model=list[RunEntry])
async def active(parts: Parts) -> Response:
    """Runs that are not over, and those that ended in the last five minutes."""
    return answer_all([run_message(run) for run in await parts.store.runs.find(active=True)])


@router.get("/workflow-execution/state/{state}", response_model=list[RunEntry])
async def in_state(state: RunStatus, parts: Parts) -> Response:
    return answer_all([run_message(run) for run in await parts.store.runs.find(statuses=[state])])


@router.get("/workflow-execution/id/{id}", response_model=RunEntry)
async def get(id: str, parts: Parts) -> Response:  # noqa: A002 - the name of the parameter in the contract
    """One run with its context, credentials left out."""
    run = await _known(parts, id)
    locks = await parts.store.runs.held_locks(run.id) if run.locked else None
    return answer(run_message(run, await parts.store.runs.context(run.id), locks))


@router.delete("/workflow-execution/{id}")
async def abort(id: str, parts: Parts) -> JSONResponse:  # noqa: A002
    """Abort: no new jobs, and a signal to stop for those that run."""
    run = await parts.runs.abort(RunId(id))
    return JSONResponse(f"run {run.id} is {run.status}")


@router.get("/workflow-execution/{id}/events")
async def events(
    id: str,  # noqa: A002
    parts: Parts,
    follow: bool = True,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> Response:
    """The run's log as server-sent events, until the run is over; `Last-Event-ID` goes on from there.

    With `follow=false`: the events that are there, as a JSON array.
    """
    run = await _known(parts, id)
    if not follow:
        return JSONResponse([event_json(event) async for event in parts.events.read(run.id, last_event_id)])
    stream = parts.events.follow(run.id, last_event_id, idle_s=KEEP_ALIVE_S)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_framed(stream), media_type="text/event-stream", headers=headers)


@router.get("/workflow-execution/{id}/artifacts")
async def artifacts(id: str, parts: Parts) -> list[JsonObject]:  # noqa: A002
    """The files that the run's jobs left, oldest first."""
    run = await _known(parts, id)
    return [artifact_json(artifact) for artifact in await parts.store.artifacts.find(run.id)]


@router.get("/artifacts/{id}")
async def artifact(id: str, parts: Parts) -> Response:  # noqa: A002
    """The bytes of a file, always as a download: nothing a device said is shown as a page of ours."""
    found = await parts.store.artifacts.get(ArtifactId(id))
    path = None if found is None else parts.files.path(found.sha256)
    if found is None or path is None or not path.exists():
        raise not_found(f"there is no artifact {id}")
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(found.name.rpartition('/')[2], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{found.sha256}"',
    }
    return FileResponse(path, media_type=found.media_type, headers=headers)


async def _known(parts: Services, id_: str) -> Run:
    run = await parts.store.runs.get(RunId(id_))
    if run is None:
        raise not_found(f"there is no run {id_}")
    return run


async def _framed(events: AsyncIterator[Event | None]) -> AsyncIterator[str]:
    """Events as the HTML standard's event stream format frames them (§9.2.5)."""
    async for event in events:
        if event is None:
            yield ": alive\n\n"
        else:
            data = json.dumps(event_json(event), ensure_ascii=False)
            yield f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n"
