"""The emulator refuses the requests for embeddings that the real APIs refuse."""

from __future__ import annotations

from base64 import b64decode
from struct import unpack
from typing import Any

import httpx
import pytest

from scout_adapters.testing import Emulator, Revoked
from scout_adapters.testing.model.vectors import vector_of

SMALL = "text-embedding-3-small"
GEMINI = "/v1beta/models/gemini-embedding-001:batchEmbedContents"


def post(emulator: Emulator, provider: str, path: str, body: Any, key: str = "k") -> httpx.Response:
    headers = {"authorization": f"Bearer {key}", "x-goog-api-key": key}
    with httpx.Client(transport=emulator.transport()) as client:
        return client.post(f"http://emulator.test/{provider}{path}", json=body, headers=headers)


def embed(emulator: Emulator, provider: str = "openai", **body: Any) -> httpx.Response:
    return post(emulator, provider, "/v1/embeddings", {"model": SMALL} | body)


def gemini(**fields: Any) -> dict[str, Any]:
    content = {"parts": [{"text": "Hello"}]}
    return {"model": "models/gemini-embedding-001", "content": content, **fields}


@pytest.mark.parametrize("value", ["Hello", ["Hello"], [1, 2, 3], [[1, 2, 3]]])
def test_a_text_texts_and_tokens_are_accepted(emulator: Emulator, value: Any) -> None:
    answer = embed(emulator, input=value).json()
    assert [item["index"] for item in answer["data"]] == [0]
    tokens = 2 if "Hello" in str(value) else 3
    assert answer["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    assert (emulator.log[-1].billed, emulator.log[-1].input_tokens) == (True, tokens)


def test_base64_contains_the_same_vector(emulator: Emulator) -> None:
    plain = embed(emulator, input="Hello", dimensions=4).json()["data"][0]["embedding"]
    encoded = embed(emulator, input="Hello", dimensions=4, encoding_format="base64").json()
    assert [*unpack("<4f", b64decode(encoded["data"][0]["embedding"]))] == plain
    assert plain == vector_of(SMALL, "Hello", 4)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"input": ""}, "'$.input' is invalid"),
        ({"input": ["a", ""]}, "'$.input' is invalid"),
        ({"input": []}, "'$.input' is invalid"),
        ({"input": 7}, "'$.input' is invalid"),
        ({}, "'$.input' is invalid"),
        ({"input": ["a"] * 2049}, "array too long"),
        ({"input": "x" * 40_000}, "maximum context length is 8192 tokens"),
        ({"input": ["x" * 32_000] * 38}, "Requested 304000 tokens, max 300000"),
        ({"input": "a", "dimensions": 5000}, "less than or equal to 1536"),
        ({"input": "a", "dimensions": 0}, "'dimensions'"),
        ({"input": "a", "taskType": "CLUSTERING"}, "Unrecognized request argument"),
        ({"input": "a", "model": None}, "model parameter"),
        ({"input": "a", "model": "text-embedding-ada-002", "dimensions": 3}, "not support"),
    ],
)
def test_openai_refuses(emulator: Emulator, body: dict[str, Any], message: str) -> None:
    answer = embed(emulator, **body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert not emulator.log[-1].billed


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"input": ["a"] * 257}, "Too many inputs in request"),
        ({"input": ["x" * 4_000] * 17}, "Too many tokens overall"),
        ({"input": "a", "dimensions": 3}, "Unrecognized request argument"),
    ],
)
def test_mistral_refuses(emulator: Emulator, body: dict[str, Any], message: str) -> None:
    answer = embed(emulator, "mistral", **body)
    assert answer.status_code >= 400
    assert message in answer.text


def test_alibaba_takes_ten_texts_and_nvidia_needs_an_input_type(emulator: Emulator) -> None:
    path = "/compatible-mode/v1/embeddings"
    many = post(emulator, "alibaba", path, {"model": "text-embedding-v4", "input": ["a"] * 11})
    assert many.status_code == 400
    assert "should not be larger than 10" in many.text
    plain = embed(emulator, "nvidia", input="a")
    assert plain.status_code == 400
    assert "'input_type' parameter is required" in plain.text


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([], "requests is not specified"),
        ([gemini()] * 101, "at most 100 requests"),
        ([gemini(content={"parts": [{"text": ""}]})], "empty Part"),
        ([gemini(taskType="SEARCH")], "task_type"),
        ([gemini(dimensions=3)], 'Unknown name "dimensions"'),
        ([gemini(model="models/other")], "must match"),
    ],
)
def test_google_refuses(emulator: Emulator, requests: list[Any], message: str) -> None:
    answer = post(emulator, "google", GEMINI, {"requests": requests})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_keys_are_checked() -> None:
    emulator = Emulator(keys={"openai": {"dead": Revoked()}, "google": ["good"]})
    assert post(emulator, "openai", "/v1/embeddings", {}, key="dead").status_code == 401
    assert post(emulator, "google", GEMINI, {}, key="bad").status_code == 400


def test_a_provider_without_embeddings_has_no_such_path(emulator: Emulator) -> None:
    answer = post(emulator, "groq", "/openai/v1/embeddings", {"model": "m", "input": "a"})
    assert answer.status_code == 404
