"""A vault to test against."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class VaultServer:
    """Knows the password of `gate-1`, for whoever has the token: `with VaultServer() as vault: vault.environment`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        return {"ACME_VAULT": f"http://127.0.0.1:{self._server.server_port}", "ACME_VAULT_TOKEN": "open-sesame"}

    def __enter__(self) -> Self:
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vault.asked.append(self.path)
                allowed = self.headers["Authorization"] == "Bearer open-sesame"
                known = self.path == "/v1/credentials/gate-1"
                self.send_response(200 if allowed and known else 404 if allowed else 403)
                self.end_headers()
                if allowed and known:
                    self.wfile.write(json.dumps({"username": "admin", "password": "secret"}).encode())

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
