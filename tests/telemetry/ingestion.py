"""A stand-in for the ingestion endpoints of LangSmith and of OTLP, on the loopback."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

Json = dict[str, Any]


@dataclass
class Ingestion:
    """What was sent: LangSmith's runs by id, and the attributes of OTLP spans."""

    url: str
    runs: dict[str, Json] = field(default_factory=dict)
    spans: list[Json] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        """Read what was posted or patched."""
        if path.endswith("/v1/traces"):
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    self.spans += [
                        {
                            "name": span.name,
                            **{each.key: _value(each.value) for each in span.attributes},
                        }
                        for span in scope.spans
                    ]
        elif "/runs" in path:
            run = json.loads(body)
            identity = run.get("id") or path.rsplit("/", 1)[-1]
            self.runs.setdefault(identity, {}).update(run)


def _value(value: AnyValue) -> Any:
    return getattr(value, value.WhichOneof("value") or "string_value")


def _body(headers: Mapping[str, str], data: bytes) -> bytes:
    return gzip.decompress(data) if headers.get("Content-Encoding") == "gzip" else data


@contextmanager
def ingesting() -> Iterator[Ingestion]:
    """Serve until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if data:
                ingestion.take(self.path, _body(self.headers, data))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ingestion = Ingestion(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield ingestion
        finally:
            server.shutdown()
            thread.join()
