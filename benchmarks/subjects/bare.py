"""The floor of the network: httpx, one kept client, JSON by orjson, and nothing around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
from canned.answers import MODEL

from subjects import KEY, Setup, Subject

LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None)
"""httpx's own limits would let 100 of 1,000 calls out, and close all but 20 connections."""

HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
DONE = b"[DONE]"


class Bare:
    """Posts the same body again and again."""

    def __init__(
        self, setup: Setup, endpoint: str, body: dict[str, Any], streamed: dict[str, Any]
    ) -> None:
        self._url = f"{setup.root}/v1/{endpoint}"
        self._body, self._streamed = body, streamed
        self._client = httpx.Client(limits=LIMITS, timeout=60)
        self._aclient = _aclient(setup.name)

    def post(self) -> Any:
        """Send a request and read the answer."""
        content = orjson.dumps(self._body)
        response = self._client.post(self._url, content=content, headers=HEADERS)
        return orjson.loads(response.content)

    async def apost(self) -> Any:
        """Twin of `post`."""
        content = orjson.dumps(self._body)
        response = await self._aclient.post(self._url, content=content, headers=HEADERS)
        return orjson.loads(response.content)

    def stream(self) -> Iterator[Any]:
        """Send a request and read the answer event by event."""
        content, rest = orjson.dumps(self._streamed), b""
        request = self._client.stream("POST", self._url, content=content, headers=HEADERS)
        with request as response:
            for piece in response.iter_bytes():
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    if (data := event[event.index(b"data: ") + 6 :]) != DONE:
                        yield orjson.loads(data)

    async def astream(self) -> AsyncIterator[Any]:
        """Twin of `stream`."""
        content, rest = orjson.dumps(self._streamed), b""
        request = self._aclient.stream("POST", self._url, content=content, headers=HEADERS)
        async with request as response:
            async for piece in response.aiter_bytes():
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    if (data := event[event.index(b"data: ") + 6 :]) != DONE:
                        yield orjson.loads(data)


def _aclient(name: str) -> httpx.AsyncClient:
    if "aiohttp" not in name:
        return httpx.AsyncClient(limits=LIMITS, timeout=60)
    from subjects.overaiohttp import unlimited_transport  # noqa: PLC0415  # the extra's

    return httpx.AsyncClient(transport=unlimited_transport(), timeout=60)


def text_of(answer: dict[str, Any]) -> str:
    """Return the text of a Chat Completion, or of one of its events."""
    if not answer["choices"]:
        return ""
    choice = answer["choices"][0]
    text: str = choice.get("message", choice.get("delta")).get("content") or ""
    return text


def make(setup: Setup) -> Subject:
    """Set up a sync and an async client."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": setup.prompt}]}
    if setup.tools:
        body["tools"] = setup.tool_schemas
    streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
    return subject_of(Bare(setup, "chat/completions", body, streamed), setup)


def subject_of(bare: Bare, setup: Setup) -> Subject:
    """Make a subject of clients; its text is that of Chat Completions."""
    return Subject(
        text=text_of,
        construct=httpx.Client,
        invoke=bare.post,
        ainvoke=bare.apost,
        stream=bare.stream,
        astream=bare.astream,
        events=setup.events,
    )
