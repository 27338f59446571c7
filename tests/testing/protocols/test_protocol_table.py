"""A protocol is one value in a table: a new one is answered without a change elsewhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters.testing import Emulator, ErrorInBand, Revoked
from scout_adapters.testing.emulated_provider import EmulatedProvider
from scout_adapters.testing.emulated_providers import EMULATED_PROVIDERS
from scout_adapters.testing.emulator.request_log import RequestLog
from scout_adapters.testing.emulator.server import Server
from scout_adapters.testing.emulator.transport import EmulatorTransport
from scout_adapters.testing.http_messages import BodyPart, HttpReply, PlayedAnswer, Request, dumps
from scout_adapters.testing.model.answer import Answer
from scout_adapters.testing.protocols.protocol import (
    EmulatedEndpoint,
    EmulatedProtocol,
    billed_reply,
    tokens_spent,
)
from scout_adapters.testing.protocols.protocol_table import PROTOCOLS
from scout_adapters.testing.protocols.violation import Violation

WIRE: Any = "echo"


def protocol() -> EmulatedProtocol:
    def answer(request: Any, body: Any, _: Any) -> HttpReply:
        spent = tokens_spent(3, Answer(text="echo"))
        headers = {"content-type": "application/json", "x-model": request.model}
        return billed_reply(headers, dumps({"echo": body}), spent)

    return EmulatedProtocol(
        name=WIRE,
        endpoint=lambda path: EmulatedEndpoint("echo-1") if path == "/echo" else None,
        key_header="x-echo-key",
        headers=lambda _, ids: {"x-echo-id": ids.hex(8)},
        check=lambda _, body: None if "say" in body else Violation("say: is missing"),
        answer=answer,
    )


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
    provider = EmulatedProvider(name="canyon", roots={"/v1": (WIRE,)})
    monkeypatch.setitem(PROTOCOLS, WIRE, protocol())  # type: ignore[arg-type]  # a dict, in truth
    monkeypatch.setitem(EMULATED_PROVIDERS, "canyon", provider)  # type: ignore[arg-type]  # not one of the built-in names
    keys = {"canyon": {"good": None, "dead": Revoked(), "odd": ErrorInBand()}}
    emulator = Emulator(keys=keys)
    return httpx.Client(transport=emulator.transport(), base_url=emulator.url("canyon"))


def say(http: httpx.Client, key: str, path: str = "/echo", **body: Any) -> httpx.Response:
    return http.post(path, headers={"x-echo-key": key}, json=body)


def test_a_new_protocol_is_answered(http: httpx.Client) -> None:
    response = say(http, "good", say="hello")
    assert response.json() == {"echo": {"say": "hello"}}
    assert response.headers["x-model"] == "echo-1"


@pytest.mark.parametrize(
    ("key", "path", "body", "status"),
    [
        ("good", "/echo", {}, 400),
        ("good", "/elsewhere", {"say": "a"}, 404),
        ("dead", "/echo", {"say": "a"}, 401),
        ("unknown", "/echo", {"say": "a"}, 401),
        ("odd", "/echo", {"say": "a"}, 200),
    ],
)
def test_a_new_protocol_is_refused_with_its_own_headers(
    http: httpx.Client, key: str, path: str, body: dict[str, str], status: int
) -> None:
    response = say(http, key, path, **body)
    assert response.status_code == status
    assert "error" in response.json()
    assert len(response.headers["x-echo-id"]) == 8


class Constant:
    """Answers always the same; the least that a server and a transport need."""

    def __init__(self) -> None:
        self.request_log = RequestLog()
        self.sleep = self.asleep = None

    def answer(self, request: Request) -> PlayedAnswer:
        return PlayedAnswer(1, HttpReply(parts=(BodyPart(request.path.encode()),)), 0)

    def date(self) -> str:
        return "Sun, 29 Nov 2026 20:00:00 GMT"


def test_server_and_transport_need_no_emulator() -> None:
    constant: Any = Constant()
    with httpx.Client(transport=EmulatorTransport(constant)) as http:
        assert http.get("http://anywhere/a").text == "/a"
    server = Server(constant, "127.0.0.1", 0)
    root = server.start()
    try:
        assert httpx.get(f"{root}/b").text == "/b"
    finally:
        server.stop()
