"""Plain httpx clients of the emulator, without our own models."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scout_adapters.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]

WEATHER = {
    "type": "object",
    "properties": {"location": {"type": "string"}},
    "required": ["location"],
}


class Client:
    """Sends requests to one emulator in every protocol."""

    def __init__(self, emulator: Emulator, http: httpx.Client) -> None:
        self.emulator = emulator
        self.http = http

    def chat(
        self, provider: str, prompt: str = "Hello", *, key: str = "k", **body: Any
    ) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": prompt}], **body}
        headers = {"authorization": f"Bearer {key}"} if key else {}
        url = f"{self.emulator.url(provider)}/chat/completions"
        return self.http.post(url, json=body, headers=headers)

    def responses(
        self, provider: str, prompt: Any = "Hello", *, key: str = "k", **body: Any
    ) -> httpx.Response:
        url = f"{self.emulator.url(provider, 'responses')}/responses"
        headers = {"authorization": f"Bearer {key}"}
        return self.http.post(url, json={"model": "m", "input": prompt, **body}, headers=headers)

    def messages(
        self, prompt: str = "Hello", *, key: str = "k", provider: str = "anthropic", **body: Any
    ) -> httpx.Response:
        body = {
            "model": "claude-x",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": prompt}],
            **body,
        }
        headers = {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
        url = f"{self.emulator.url(provider, 'anthropic')}/v1/messages"
        return self.http.post(url, json=body, headers=headers)

    def gemini(
        self,
        prompt: str = "Hello",
        *,
        key: str = "k",
        model: str = "gemini-2.5-flash",
        stream: bool = False,
        **body: Any,
    ) -> httpx.Response:
        body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}], **body}
        headers = {"x-goog-api-key": key} if key else {}
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        url = f"{self.emulator.url('google')}/v1beta/models/{model}:{verb}"
        return self.http.post(url, json=body, headers=headers)

    def ask(self, provider: str, prompt: str = "Hello", **more: Any) -> httpx.Response:
        """Send a request in the provider's first protocol."""
        if provider == "google":
            return self.gemini(prompt, **more)
        return (
            self.messages(prompt, **more)
            if provider == "anthropic"
            else self.chat(provider, prompt, **more)
        )


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    """Sends requests without sockets."""
    with httpx.Client(transport=emulator.transport()) as http:
        yield Client(emulator, http)


@pytest.fixture
def asking() -> Iterator[Callable[[Emulator], Client]]:
    """Make clients of an emulator of the test's own, without sockets."""
    with ExitStack() as stack:

        def make(emulator: Emulator) -> Client:
            http = httpx.Client(transport=emulator.transport())
            return Client(emulator, stack.enter_context(http))

        yield make


@pytest.fixture
def served(emulator: Emulator) -> Iterator[Client]:
    """Sends requests over loopback."""
    with emulator.serve(), httpx.Client() as http:
        yield Client(emulator, http)


@pytest.fixture
def events() -> Any:
    """Read server-sent events: the data of each, `[DONE]` left out."""

    def read(response: httpx.Response) -> list[Json]:
        lines = response.text.replace("\r\n", "\n").split("\n")
        data = [line[6:] for line in lines if line.startswith("data: ")]
        return [json.loads(item) for item in data if item != "[DONE]"]

    return read


@pytest.fixture
def weather() -> Any:
    """Spell the weather tool for a protocol."""
    spelled = {
        "openai": {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}},
        "responses": {"type": "function", "name": "get_weather", "parameters": WEATHER},
        "anthropic": {"name": "get_weather", "input_schema": WEATHER},
        "gemini": {"functionDeclarations": [{"name": "get_weather", "parameters": WEATHER}]},
    }
    return spelled.__getitem__
