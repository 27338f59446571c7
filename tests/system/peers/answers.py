"""Read the same answer with the official package and with ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import add
from threading import Thread
from typing import Any

import httpx
from langchain_core.exceptions import ModelError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from scout_adapters.chat_models.providers import MODEL_CLASSES
from tests.system.peers.records import Record

Outcome = AIMessage | Exception


class Replay(BaseHTTPRequestHandler):
    """Answer every request with the current record."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # which would hold every body back for 40 ms
    on: Record

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Log nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        record, body = type(self).on, type(self).on.text.encode()
        self.send_response(record.status)
        for name, value in record.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def replaying() -> Iterator[str]:
    """Serve records on loopback: not every official package takes a transport."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def official(provider: str, model: str, base: str) -> BaseChatModel:
    """Make the official package's model, once for all its records, because that is slow."""
    options: dict[str, Any] = {"model": model, "api_key": "k", "max_retries": 0}
    match provider:
        case "anthropic":
            from langchain_anthropic import ChatAnthropic

            return ChatAnthropic(base_url=base, **options)
        case "google":
            from langchain_google_genai import ChatGoogleGenerativeAI

            return ChatGoogleGenerativeAI(base_url=base, **options | {"max_retries": 1})
        case "groq":
            from langchain_groq import ChatGroq

            return ChatGroq(base_url=base, **options)
        case "openrouter":
            from langchain_openrouter import ChatOpenRouter

            return ChatOpenRouter(base_url=f"{base}/v1", **options)
        case _:
            from langchain_openai import ChatOpenAI

            options |= {"stream_usage": True, "use_responses_api": False}
            return ChatOpenAI(base_url=f"{base}/v1", **options)


def our_model(record: Record) -> BaseChatModel:
    """Make our model of the provider, with the record in place of a network."""
    answer = {"headers": record.headers, "content": record.text.encode()}
    chat = {"use_responses_api": False} if record.provider == "openai" else {}  # as recorded
    return MODEL_CLASSES[record.provider](
        model=record.model,
        api_key="k",
        base_url=record.address,
        transport=httpx.MockTransport(lambda _request: httpx.Response(record.status, **answer)),
        max_retries=0,
        **chat,
    )


def ask(model: BaseChatModel, record: Record) -> AIMessage:
    """Make a call, and merge the chunks of a stream."""
    if record.streamed:
        return whole(list(model.stream("hi", **record.options)))
    return model.invoke("hi")


def whole(chunks: Sequence[Any]) -> AIMessage:
    """Put chunks together as LangChain does."""
    return reduce(add, chunks)


def ours(record: Record) -> Outcome:
    """Let our package read the record; a refusal is an outcome too."""
    try:
        return ask(our_model(record), record)
    except ModelError as error:
        return error


def theirs(record: Record, base: str) -> Outcome:
    """Let the official package read the record, or fail."""
    Replay.on = record
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs are not ours to mend
        try:
            return ask(official(record.provider, record.model, base), record)
        except Exception as error:  # noqa: BLE001  # what they raise is anyone's guess
            return error
