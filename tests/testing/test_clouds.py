"""The emulated clouds check addresses, versions and authentication as strictly as the real ones."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import orjson
import pytest

from scout_adapters.testing import Emulator
from scout_adapters.testing.emulator.aws_signature import signed_key
from scout_adapters.testing.http_messages import Request

NOW = 1_780_000_000.0
CHAT = {"model": "my-gpt", "messages": [{"role": "user", "content": "Hello"}]}
CLAUDE = {**CHAT, "max_tokens": 64}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"
AZURE = "https://r.openai.azure.com/openai"


def post(url: str, body: Any, **headers: str) -> httpx.Response:
    emulator = Emulator(wall=lambda: NOW)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(transport=emulator.transport()) as http:
        return http.post(url, json=body, headers=named)


def jwt(expires_at: float) -> str:
    parts = ({"alg": "none"}, {"exp": expires_at})
    coded = [base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts]
    return ".".join((*coded, "c2ln"))


@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/deployments/my-gpt/chat/completions?api-version=2024-10-21"],
)
def test_azure_answers_at_both_paths_with_results_of_its_filter(path: str) -> None:
    response = post(f"{AZURE}{path}", CHAT, api_key="k")
    assert response.status_code == 200
    assert response.json()["choices"][0]["content_filter_results"]["hate"]["filtered"] is False


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 404), ("?api-version=soon", 400), ("?api-version=2024-10-21", 200)],
)
def test_azure_needs_an_api_version_at_its_older_paths(query: str, status: int) -> None:
    url = f"{AZURE}/deployments/my-gpt/chat/completions{query}"
    assert post(url, CHAT, api_key="k").status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(60, 200), (-60, 401)])
def test_azure_refuses_a_token_that_has_expired(seconds: float, status: int) -> None:
    token = f"Bearer {jwt(NOW + seconds)}"
    response = post(f"{AZURE}/v1/chat/completions", CHAT, authorization=token)
    assert response.status_code == status


def test_vertex_answers_gemini_with_a_token() -> None:
    url = f"{VERTEX}/publishers/google/models/gemini-2.5-flash:generateContent"
    assert post(url, GEMINI, authorization="Bearer ya29.t").json()["candidates"]


def test_vertex_refuses_an_api_key_where_the_path_names_a_project() -> None:
    url = f"{VERTEX}/publishers/google/models/gemini-2.5-flash:generateContent"
    assert post(url, GEMINI, x_goog_api_key="AIza1").status_code == 401
    express = "https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash"
    assert post(f"{express}:generateContent", GEMINI, x_goog_api_key="AIza1").status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"model": "claude-haiku-4-5"}, 400),
        ({"anthropic_version": "2023-06-01"}, 400),
        ({"stream": True}, 400),
    ],
)
def test_vertex_takes_claude_without_model_and_with_its_version(
    change: dict[str, Any], status: int
) -> None:
    body = {"anthropic_version": "vertex-2023-10-16", **CLAUDE}
    del body["model"]
    url = f"{VERTEX}/publishers/anthropic/models/claude-haiku-4-5:rawPredict"
    response = post(url, {**body, **change}, authorization="Bearer ya29.t")
    assert response.status_code == status


def test_vertex_refuses_ids_of_calls_for_gemini_2() -> None:
    call = {"functionCall": {"id": "1", "name": "f", "args": {}}}
    result = {"functionResponse": {"id": "1", "name": "f", "response": {}}}
    turns = [
        *GEMINI["contents"],
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [result]},
    ]
    url = f"{VERTEX}/publishers/google/models/gemini-2.5-flash:generateContent"
    response = post(url, {"contents": turns}, authorization="Bearer ya29.t")
    assert "Unknown name" in response.json()["error"]["message"]


def test_a_signature_of_the_documentation_is_recognised_and_no_other() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html, its example
    signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    )
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": "iam.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "authorization": authorization,
    }
    query = "Action=ListUsers&Version=2010-05-08"
    request = Request("GET", "/", query, "iam.amazonaws.com", headers)
    key = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    assert signed_key(request, [key]) == key
    assert signed_key(request, ["AKIDEXAMPLE:another"]) == "AKIDEXAMPLE"
    assert signed_key(Request("GET", "/other", query, "", headers), [key]) == "AKIDEXAMPLE"


def test_bedrock_refuses_a_signature_of_another_time() -> None:
    headers = {
        "x_amz_date": "20200101T000000Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=A/20200101/eu-west-1/bedrock/aws4_request, "
        f"SignedHeaders=host, Signature={'0' * 64}",
        "anthropic_version": "2023-06-01",
    }
    url = "https://bedrock-runtime.eu-west-1.amazonaws.com/anthropic/v1/messages"
    response = post(url, CLAUDE, **headers)
    assert response.status_code == 403
    assert "x-amzn-errortype" in response.headers
