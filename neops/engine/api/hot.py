"""What workers call many times a second: plain routes that read bytes and write bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from neops.engine.api.answers import JSON, answer, empty, refusal, refuse_invalid
from neops.engine.blackboard import Blackboard
from neops.engine.store.changes import PushOutcome
from neops.engine.store.records import WorkerId
from neops.protocol import (
    Cancellations,
    CancellationsQuery,
    JobEvents,
    JobLog,
    JobPoll,
    JobResult,
    Ping,
    WorkerActionResult,
    dump_jobs,
)

Handler = Callable[[Request], Awaitable[Response]]


class HotRoutes:
    """Poll, push, tell, ping, cancellations."""

    def __init__(self, board: Blackboard) -> None:
        self._board = board

    def routes(self) -> list[BaseRoute]:
        """To be put in front of all others."""
        return [
            Route("/blackboard/job", _checked(self._poll), methods=["POST"]),
            Route("/blackboard/job/result", _checked(self._push), methods=["POST"]),
            Route("/blackboard/job/events", _checked(self._tell), methods=["POST"]),
            Route("/blackboard/job/log", _checked(self._log), methods=["POST"]),
            Route("/workers/{uuid}/ping", _checked(self._ping), methods=["POST"]),
            Route("/workers/{uuid}/cancellations", _checked(self._cancellations), methods=["POST"]),
        ]

    async def _poll(self, request: Request) -> Response:
        poll = JobPoll.model_validate_json(await request.body())
        jobs = await self._board.poll(poll, lambda: _disconnected(request))
        return Response(dump_jobs(jobs), HTTPStatus.CREATED, media_type=JSON)

    async def _push(self, request: Request) -> Response:
        outcome = await self._board.push(JobResult.model_validate_json(await request.body()))
        match outcome:
            case PushOutcome.STORED | PushOutcome.REPEATED:
                return empty(HTTPStatus.CREATED)
            case PushOutcome.UNKNOWN:
                return refusal(HTTPStatus.NOT_FOUND, "there is no such job")
        return refusal(HTTPStatus.CONFLICT, "the job has a result, or another worker has the job: this one is not used")

    async def _tell(self, request: Request) -> Response:
        await self._board.tell(JobEvents.model_validate_json(await request.body()))
        return empty(HTTPStatus.CREATED)

    async def _log(self, request: Request) -> Response:
        await self._board.log(JobLog.model_validate_json(await request.body()))
        return empty(HTTPStatus.CREATED)

    async def _ping(self, request: Request) -> Response:
        body = await request.body()
        ping = Ping.model_validate_json(body) if body else None
        heartbeat = await self._board.ping(WorkerId(request.path_params["uuid"]), ping)
        cancel, lost = list(heartbeat.cancel) or None, list(heartbeat.lost) or None
        return answer(WorkerActionResult(success=True, cancel=cancel, lost=lost))

    async def _cancellations(self, request: Request) -> Response:
        query = CancellationsQuery.model_validate_json(await request.body())
        worker = WorkerId(request.path_params["uuid"])
        canceled = await self._board.cancellations(worker, query, lambda: _disconnected(request))
        return answer(Cancellations(cancel=[*canceled]))


async def _disconnected(request: Request) -> None:
    """Ends when the client hangs up. The body has been read: what comes next is that, or nothing."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _checked(handler: Handler) -> Handler:
    """Answer 400 to a body that is not the message it should be."""

    async def checked(request: Request) -> Response:
        try:
            return await handler(request)
        except ValidationError as error:
            return refuse_invalid(error)

    return checked
