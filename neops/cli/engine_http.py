"""Calls of commands to a running engine: JSON in and out, and one clear line when that fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from neops.errors import NeopsError, UsageError
from neops.settings import without_userinfo

_USAGE = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)


class EngineUnreachable(NeopsError):
    """Nothing that is an engine answered."""


class EngineForbids(NeopsError):
    """The engine does not answer this to this client."""


class EngineHttp:
    """An engine at its URL, which may carry `user:password@` and a path prefix."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.url = without_userinfo(url).rstrip("/")
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"} | _authorization(url)
        self._open = build_opener(ProxyHandler({})).open  # credentials travel: through no proxy

    def get(self, path: str, parameters: Mapping[str, object] | None = None) -> Any:
        """The answer to a GET; parameters that are None are left out.

        Raises:
            UsageError: the engine cannot do what was asked as it was asked.
            EngineUnreachable: no engine answers.
            EngineForbids: this client may not.
            NeopsError: the engine refuses for another reason.
        """
        return self._call(Request(self._address(path, parameters or {}), headers=self._headers))  # noqa: S310 - checked

    def post(self, path: str, body: str, parameters: Mapping[str, object] | None = None) -> Any:
        """The answer to a POST of a JSON text; it raises what `get` does."""
        address = self._address(path, parameters or {})
        return self._call(Request(address, body.encode(), self._headers, method="POST"))  # noqa: S310 - checked

    def _address(self, path: str, parameters: Mapping[str, object]) -> str:
        given = {name: _text(value) for name, value in parameters.items() if value is not None}
        return f"{self.url}{path}?{urlencode(given)}" if given else f"{self.url}{path}"

    def _call(self, request: Request) -> Any:
        try:
            with self._open(request, timeout=self._timeout_s) as answer:
                return json.load(answer)
        except HTTPError as refused:
            with refused:
                raise self._refusal(refused) from None
        except (OSError, HTTPException) as problem:
            reason = problem.reason if isinstance(problem, URLError) else problem
            raise EngineUnreachable(
                f"the engine {self.url} cannot be reached: {getattr(reason, 'strerror', None) or reason}; "
                "is it running there? (--url, URL_BLACKBOARD)"
            ) from None
        except ValueError:
            raise EngineUnreachable(f"what answers at {self.url} is no neops engine: it sends no JSON") from None

    def _refusal(self, refused: HTTPError) -> NeopsError:
        try:
            reason = str(json.load(refused)["message"])
        except (OSError, ValueError, KeyError, TypeError):
            return EngineUnreachable(f"what answers at {self.url} is no neops engine, or a proxy: {refused}")
        if refused.code == HTTPStatus.FORBIDDEN:
            return EngineForbids(reason)
        return UsageError(reason) if refused.code in _USAGE else NeopsError(f"engine {self.url}: {reason}")


def _authorization(url: str) -> dict[str, str]:
    """For an engine behind HTTP basic authentication (RFC 7617)."""
    userinfo = urlsplit(url).netloc.rpartition("@")[0]
    if not userinfo:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(unquote(userinfo).encode()).decode()}"}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
