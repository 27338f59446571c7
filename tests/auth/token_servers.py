"""Stand-ins of the clouds' token servers, on the loopback."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


class TokenServer:
    """Answers as Entra, managed identity, Google's token endpoint and AWS's containers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, Json, Json]] = []
        """Path, parameters and headers of each request."""

        self.life = 3600.0
        """Seconds for which tokens are valid."""

    def answer(self, path: str, parameters: Json, headers: Json) -> Json:
        self.requests.append((path, parameters, headers))
        if path.endswith("/.well-known/openid-configuration"):
            authority = f"{self.url}/{path.split('/')[1]}"
            return {
                "issuer": f"{authority}/v2.0",
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
            }
        expires, number = time.time() + self.life, len(self.requests)
        if path == "/aws":
            return {
                "AccessKeyId": "AKIDEXAMPLE",
                "SecretAccessKey": f"secret-{number}",
                "Token": f"session-{number}",
                "Expiration": datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        return {
            "access_token": f"token-{number}",
            "expires_in": int(self.life),
            "expires_on": str(int(expires)),
            "token_type": "Bearer",
            "resource": parameters.get("resource"),
        }


@contextmanager
def token_server(tls: ssl.SSLContext | None = None) -> Iterator[TokenServer]:
    """Serve a stand-in until the end of the block; over TLS with a server's context."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the base class calls
            self._answer("")

        def do_POST(self) -> None:  # as above
            size = int(self.headers.get("content-length", 0))
            self._answer(self.rfile.read(size).decode())

        def _answer(self, form: str) -> None:
            address = urlsplit(self.path)
            pairs = parse_qs(form or address.query)
            parameters = {name: values[0] for name, values in pairs.items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.dumps(stand_in.answer(address.path, parameters, headers)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scheme = "https" if tls else "http"
        stand_in = TokenServer(f"{scheme}://127.0.0.1:{server.server_port}")
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
