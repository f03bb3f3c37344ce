"""Answers: messages as JSON, refusals as `{statusCode, message, error}`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.responses import Response

from neops.engine.blackboard import WorkerUnknown
from neops.engine.runs import RunOver, RunUnknown, WorkflowUnknown
from neops.engine.store.errors import DefinitionExists, RunExists, StoreUnavailable
from neops.errors import NeopsError, UsageError
from neops.protocol import ErrorBody, Message, dump, dump_all

_log = logging.getLogger(__name__)

JSON = "application/json"

STATUS: Mapping[type[NeopsError], HTTPStatus] = {
    WorkerUnknown: HTTPStatus.NOT_FOUND,
    WorkflowUnknown: HTTPStatus.NOT_FOUND,
    RunUnknown: HTTPStatus.NOT_FOUND,
    RunOver: HTTPStatus.CONFLICT,
    RunExists: HTTPStatus.CONFLICT,
    DefinitionExists: HTTPStatus.CONFLICT,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    UsageError: HTTPStatus.BAD_REQUEST,
}
"""How our errors are told apart by clients; any other is a 500."""


def answer(message: Message, status: int = HTTPStatus.OK) -> Response:
    """One message as JSON."""
    return Response(dump(message), status, media_type=JSON)


def answer_all(messages: Sequence[Message], status: int = HTTPStatus.OK) -> Response:
    """Messages as a JSON array."""
    return Response(dump_all(messages), status, media_type=JSON)


def empty(status: int) -> Response:
    """No body, no type: clients read none."""
    return Response(status_code=status)


def not_found(what: str) -> HTTPException:
    """To raise when something that was named is not there."""
    return HTTPException(HTTPStatus.NOT_FOUND, what)


def refusal(status: int, message: str) -> Response:
    """The body of any error answer that has no richer one."""
    phrase = HTTPStatus(status).phrase
    return answer(ErrorBody(status_code=status, message=message, error=phrase), status)


def refuse_invalid(error: ValidationError) -> Response:
    """400 that names the first wrong field."""
    return refusal(HTTPStatus.BAD_REQUEST, _problem(error.errors(include_url=False, include_input=False)))


def install_refusals(app: FastAPI) -> None:
    """Turn exceptions into answers."""

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        return refusal(error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return refusal(HTTPStatus.BAD_REQUEST, _problem(error.errors()))

    @app.exception_handler(NeopsError)
    async def _ours(_: Request, error: NeopsError) -> Response:
        status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
        if status is None:
            _log.error("request failed", extra={"reason": str(error)}, exc_info=error)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("request failed", extra={"reason": str(error)})
        return refusal(status, str(error))

    @app.exception_handler(Exception)
    async def _fault(_: Request, error: Exception) -> Response:
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"the engine failed: {type(error).__name__}")


def _problem(errors: Sequence[ErrorDetails]) -> str:
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query"))
    if not place and first["type"] == "model_attributes_type":  # FastAPI hands on bytes where the type is another
        return "the body is no JSON object; send one, with Content-Type: application/json"
    return f"{place}: {first['msg']}" if place else first["msg"]
