"""Cassettes of a user's project with other HTTP clients: recorded of the emulator, and replayed."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from vcr.errors import CannotOverwriteExistingCassetteException

from scout_adapters import ScoutBedrockChatModel
from scout_adapters.testing.cassettes import cassette
from scout_adapters.testing.replay.emulated_network import NotEmulated
from tests.support.waiting import HANG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "https://api.groq.com/openai/v1/chat/completions"
SECRET = "gsk_0123456789abcdef0123456789abcdef"  # no key


def body(prompt: str) -> Any:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}]}


def headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "content-type": "application/json"}


def with_httpx(prompt: str, key: str, url: str = URL) -> Any:
    return httpx.post(url, json=body(prompt), headers=headers(key)).json()


def with_requests(prompt: str, key: str, url: str = URL) -> Any:
    return requests.post(url, json=body(prompt), headers=headers(key), timeout=HANG).json()


def with_urllib3(prompt: str, key: str, url: str = URL) -> Any:
    pool = urllib3.PoolManager()
    # vcrpy's responses have no `json()`.
    return json.loads(pool.request("POST", url, json=body(prompt), headers=headers(key)).data)


def with_urllib(prompt: str, key: str, url: str = URL) -> Any:
    data = json.dumps(body(prompt)).encode()
    request = urllib.request.Request(url, data=data, headers=headers(key))  # https
    with urllib.request.urlopen(request) as response:  # https
        return json.loads(response.read())


def with_aiohttp(prompt: str, key: str, url: str = URL) -> Any:
    async def ask() -> Any:
        async with (
            aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as session,
            session.post(url, json=body(prompt)) as response,
        ):
            return await response.json()

    return asyncio.run(ask())


def with_a_stream(prompt: str, key: str, url: str = URL) -> Any:
    """Return the text of a stream, read line by line over aiohttp."""

    async def ask() -> Any:
        data = json.dumps({**body(prompt), "stream": True})
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=data, headers=headers(key)) as response,
        ):
            lines = [line async for line in response.content]
        events = [json.loads(line[6:]) for line in lines if line.startswith(b"data: {")]
        choices = [choice for event in events for choice in event["choices"]]
        text = "".join(choice["delta"].get("content") or "" for choice in choices)
        return {"choices": [{"message": {"content": text}}]}

    return asyncio.run(ask())


def with_httpx2(prompt: str, key: str, url: str = URL) -> Any:
    httpx2 = pytest.importorskip("httpx2")
    return httpx2.post(url, json=body(prompt), headers=headers(key)).json()


CLIENTS = [
    with_httpx,
    with_httpx2,
    with_requests,
    with_urllib3,
    with_urllib,
    with_aiohttp,
    with_a_stream,
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail at the first address that is looked up or connected to."""

    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("a request left for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_emulator_answers_every_client_and_the_recording_replays(
    client: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.yaml"
    monkeypatch.setenv("SCOUT_RECORD", "emulator")
    with cassette(path):
        recorded = client("Hello", SECRET)
    assert "This is the emulator" in recorded["choices"][0]["message"]["content"]
    text = path.read_text()
    assert text.startswith("answered_by: emulator")
    assert SECRET not in text
    monkeypatch.delenv("SCOUT_RECORD")
    with cassette(path):
        assert client("Hello", "another key")["choices"] == recorded["choices"]
    with cassette(path, check=False), pytest.raises(CannotOverwriteExistingCassetteException):
        client("Something else", SECRET)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_host_without_a_cassette_is_named_and_not_called(
    client: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_RECORD", "emulator")
    url = "https://bedrock-runtime.eu-west-1.amazonaws.com/guardrail/x/version/1/apply"
    with (
        cassette(tmp_path / "mine.yaml"),
        pytest.raises(NotEmulated, match=r"does not play bedrock-runtime\.eu-west-1"),
    ):
        client("Hello", SECRET, url)


def with_signatures(prompt: str, key: str) -> str:
    """Return the text of a request that AWS keys sign, at the time of this machine."""
    model = ScoutBedrockChatModel(
        model="global.anthropic.claude-haiku-4-5-20251001-v1:0",
        region="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key=key,
    )
    return model.invoke(prompt).text


def test_the_emulator_answers_requests_that_are_signed_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "signed.yaml"
    monkeypatch.setenv("SCOUT_RECORD", "emulator")
    with cassette(path):
        recorded = with_signatures("Hello", SECRET)
    assert "This is the emulator" in recorded
    assert not {SECRET, "AKIAIOSFODNN7EXAMPLE"} & set(re.split(r"[^\w]", path.read_text()))
    monkeypatch.delenv("SCOUT_RECORD")
    with cassette(path):
        assert with_signatures("Hello", "another key") == recorded


@pytest.mark.parametrize("requests_before", [0, 1])
@pytest.mark.parametrize("mode", ["emulator", "record"])
def test_a_recording_that_fails_leaves_the_old_one(
    mode: str, requests_before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.yaml"
    monkeypatch.setenv("SCOUT_RECORD", "emulator")
    with cassette(path):
        with_httpx("Hello", SECRET)
    before = path.read_text()

    def fail(record: bool | None) -> None:
        with cassette(path, record=record):
            for _ in range(requests_before if mode == "emulator" else 0):
                with_httpx("Hello", SECRET)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(None if mode == "emulator" else True)
    assert path.read_text() == before
    with cassette(path):
        """Request nothing: nothing is left to be played."""
    assert not path.exists()
