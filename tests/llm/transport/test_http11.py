"""Requests as bytes, compared with those that h11 writes for the whole request."""

import h11
import pytest

from scout_adapters.llm.transport.connection import WireRequest, address_of
from scout_adapters.llm.transport.http11 import Http11
from scout_adapters.llm.transport.response import BASE_HEADERS

ADDRESS = address_of("https://api.example.com/v1/chat/completions?a=b")


def wire_request(content: bytes, method: str, key: str = "sk-one") -> WireRequest:
    headers = {"host": ADDRESS.host, **BASE_HEADERS, "authorization": f"Bearer {key}"}
    return WireRequest(ADDRESS, headers, content, {}, lambda: None, method)


def written_by_h11(request: WireRequest) -> bytes:
    connection = h11.Connection(h11.CLIENT)
    target = b"/v1/chat/completions?a=b"
    headers = [*request.framed_headers().items()]
    parts = [
        connection.send(h11.Request(method=request.method, target=target, headers=headers)),
        connection.send(h11.Data(data=request.content)),
        connection.send(h11.EndOfMessage()),
    ]
    return b"".join(parts)


@pytest.mark.parametrize("key", ["sk-one", "sk-two"])
@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 100_000])
def test_a_post_has_the_bytes_that_h11_writes(content: bytes, key: str) -> None:
    request = wire_request(content, "POST", key)
    assert Http11().request_bytes(request) == written_by_h11(request)


def test_a_get_has_the_bytes_that_h11_writes() -> None:
    request = wire_request(b"", "GET")
    assert Http11().request_bytes(request) == written_by_h11(request)
