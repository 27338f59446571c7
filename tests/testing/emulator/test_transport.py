"""The emulator inside httpx, at the real hosts, for sync and async clients and for vcrpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
import vcr

from scout_adapters.testing import CutMidStream, Emulator, Hang, Slow
from scout_adapters.testing.emulated_providers import EMULATED_PROVIDERS

if TYPE_CHECKING:
    from pathlib import Path

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
HEADERS = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
HEADERS["anthropic-version"] = "2023-06-01"
REAL = {
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "openai": "https://api.openai.com/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "xai": "https://api.x.ai/v1/chat/completions",
    "together": "https://api.together.ai/v1/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "cerebras": "https://api.cerebras.ai/v1/chat/completions",
    "ollama": "http://localhost:11434/v1/chat/completions",
    "minimax": "https://api.minimax.io/v1/chat/completions",
    "vllm": "http://localhost:8000/v1/chat/completions",
    "anthropic": "https://api.anthropic.com/v1/messages?beta=true",
    "google": "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent",
}


def body(provider: str, **more: Any) -> Any:
    contents = [{"role": "user", "parts": [{"text": "Hello"}]}]
    return {"contents": contents} if provider == "google" else {**BODY, "max_tokens": 99, **more}


@pytest.mark.parametrize("provider", EMULATED_PROVIDERS)
def test_it_answers_at_the_real_hosts(emulator: Emulator, provider: str) -> None:
    with httpx.Client(transport=emulator.transport()) as http:
        answer = http.post(REAL[provider], json=body(provider), headers=HEADERS)
    assert answer.status_code == 200
    assert f"speaking for {provider}/" in answer.text
    assert (emulator.log[0].provider, emulator.log[0].key) == (provider, "k")


@pytest.mark.parametrize("provider", EMULATED_PROVIDERS)
async def test_it_answers_async_clients_alike(emulator: Emulator, provider: str) -> None:
    async with httpx.AsyncClient(transport=emulator.transport()) as http:
        answer = await http.post(REAL[provider], json=body(provider), headers=HEADERS)
    assert f"speaking for {provider}/" in answer.text
    assert emulator.log[0].finished


async def test_async_faults_raise_what_sync_faults_raise(emulator: Emulator) -> None:
    emulator.script("groq", [CutMidStream(1), Hang()])
    stream = body("groq", stream=True)
    async with httpx.AsyncClient(transport=emulator.transport(), timeout=0.01) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(REAL["groq"], json=stream, headers=HEADERS)
        with pytest.raises(httpx.ReadTimeout):
            await http.post(REAL["groq"], json=stream, headers=HEADERS)
    assert [request.finished for request in emulator.log] == [False, False]


def test_time_passes_only_in_the_sleep_that_was_handed_in() -> None:
    slept: list[float] = []
    emulator = Emulator(sleep=slept.append)
    emulator.script("groq", [Slow(first=3), Slow(first=9)])
    with httpx.Client(transport=emulator.transport()) as http:
        http.post(REAL["groq"], json=BODY, headers=HEADERS)
        with pytest.raises(httpx.ReadTimeout):
            http.post(REAL["groq"], json=BODY, headers=HEADERS)
    assert slept == [3, 5]


async def test_async_time_passes_only_in_the_sleep_that_was_handed_in() -> None:
    slept: list[float] = []

    async def asleep(seconds: float) -> None:
        slept.append(seconds)

    emulator = Emulator(asleep=asleep)
    emulator.script("groq", [Slow(first=3), Slow(first=9)])
    async with httpx.AsyncClient(transport=emulator.transport()) as http:
        await http.post(REAL["groq"], json=BODY, headers=HEADERS)
        with pytest.raises(httpx.ReadTimeout):
            await http.post(REAL["groq"], json=BODY, headers=HEADERS)
    assert slept == [3, 5]


def test_a_client_that_closes_a_stream_early_is_noticed(emulator: Emulator) -> None:
    stream = body("groq", stream=True)
    with httpx.Client(transport=emulator.transport()) as http:
        with http.stream("POST", REAL["groq"], json=stream, headers=HEADERS) as answer:
            next(answer.iter_lines())
        logged = emulator.log[0]
    assert not logged.finished
    assert logged.output_tokens < 15


def test_vcrpy_records_it_at_the_real_hosts_and_plays_it_again(
    emulator: Emulator, tmp_path: Path
) -> None:
    cassette = str(tmp_path / "groq.yaml")
    texts = []
    for mode in ("once", "none"):
        with (
            vcr.use_cassette(cassette, record_mode=mode, filter_headers=["authorization"]),
            httpx.Client(transport=emulator.transport()) as http,
        ):
            both = (body("groq"), body("groq", stream=True))
            texts += [http.post(REAL["groq"], json=sent, headers=HEADERS).text for sent in both]
    assert texts[:2] == texts[2:]
    assert texts[1].endswith("data: [DONE]\n\n")
    assert len(emulator.log) == 2
    assert "api.groq.com" in (tmp_path / "groq.yaml").read_text()


async def test_vcrpy_records_async_clients_too(emulator: Emulator, tmp_path: Path) -> None:
    texts = []
    for mode in ("once", "none"):
        with vcr.use_cassette(str(tmp_path / "a.yaml"), record_mode=mode):
            async with httpx.AsyncClient(transport=emulator.transport()) as http:
                answer = await http.post(REAL["anthropic"], json=body("x"), headers=HEADERS)
                texts.append(answer.text)
    assert texts[0] == texts[1]
    assert len(emulator.log) == 1
