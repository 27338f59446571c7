"""The chat models of the clouds read recorded traffic of the clouds, at the recorded paths.

The recordings are beside the checkout or in the folders of SCOUT_WIRE; without them: skipped.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ModelError

from scout_adapters.chat_models.clouds import CLOUD_CLASSES
from tests.support import recordings

Record = dict[str, Any]

UNASKED = {"json_array_stream", "n_choices"}
"""Recordings of what no chat model requests: streams as one array, several choices."""

FILES = {
    "azure-openai": "azure",
    "azure-openai-responses": "azure",
    "azure-ai": "azure",
    "azure-ai-responses": "azure",
    "vertex-gemini": "vertex",
    "vertex-anthropic": "vertex",
}
AZURE_PATH = re.compile(r"/+openai/(?:deployments/([^/]+)/chat/completions|(v1)?/?responses)")
VERTEX_PATH = re.compile(r"/v1/projects/([^/]+)/locations/([^/]+)/publishers/\w+/models/([^:]+):")

pytestmark = recordings.needed


def recorded(name: str) -> list[Record]:
    return [
        record
        for record in recordings.records(name)
        if not record.get("truncated_response") and not UNASKED & set(record.get("features") or [])
    ]


def refused(record: Record) -> bool:
    """Return whether no answer can be read: a refusal, or Google's example of a broken stream."""
    broken = "streaming-failure-malformed" in record["source_path"]
    return record["status"] >= 400 or broken or "error_in_200" in (record.get("features") or [])


def played(record: Record, requests: list[httpx.Request]) -> httpx.MockTransport:
    """Answer every request with the record, and keep the request."""
    headers = record.get("response_headers") or {}
    kept = {name: headers[name] for name in headers if name.lower().startswith(("x-", "retry"))}
    kept = {name: text if isinstance(text, str) else text[0] for name, text in kept.items()}
    kept["content-type"] = "text/event-stream" if record["stream"] else "application/json"

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        body = (record["response_body"] or "").encode()
        return httpx.Response(record["status"], headers=kept, content=body)

    return httpx.MockTransport(answer)


def options_of(record: Record, number: int) -> dict[str, Any]:
    """Return the model and the address of a recorded request, as a user passes them."""
    path, host = record["path"], f"https://r{number}.example"  # each has a circuit of its own
    if "responses" in path:
        version = {} if "v1" in path else {"api_version": "2025-03-01-preview"}
        return {"model": "m", "base_url": host, "use_responses_api": True, **version}
    if match := AZURE_PATH.fullmatch(path):
        return {"model": match[1], "azure_endpoint": host, "api_version": "2024-10-21"}
    if match := VERTEX_PATH.match(path):
        root = path.partition("/publishers")[0].replace("<", "").replace(">", "")
        return {"model": match[3], "base_url": host + root}
    claude = "anthropic" in path
    return {"model": "claude-haiku-4-5" if claude else "gemini-2.5-flash", "base_url": host}


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_answer_is_read_and_every_refusal_is_named(name: str) -> None:
    wrong: list[str] = []
    records = recorded(name)
    for number, record in enumerate(records, 1):
        requests: list[httpx.Request] = []
        model = CLOUD_CLASSES[FILES[name]](
            **options_of(record, number),
            api_key=f"recorded-{number}",
            transport=played(record, requests),
            max_retries=0,
        )
        try:
            answer = list(model.stream("hi")) if record["stream"] else [model.invoke("hi")]
        except ModelError as error:
            if not refused(record) or str(error.kind) == "unknown":  # type: ignore[attr-defined]  # a ProviderError
                wrong.append(f"{record['id']}: {error}")
        else:
            if refused(record) or not answer:
                wrong.append(f"{record['id']}: passed for an answer")
    assert wrong == []
    assert records


@pytest.mark.parametrize("name", ["azure-openai", "azure-openai-responses", "vertex-anthropic"])
def test_requests_go_to_the_recorded_paths(name: str) -> None:
    checked = 0
    for number, record in enumerate(recorded(name), 1):
        path = record["path"].replace("//", "/")
        if not (AZURE_PATH.fullmatch(path) or VERTEX_PATH.match(path)):
            continue
        requests: list[httpx.Request] = []
        model = CLOUD_CLASSES[FILES[name]](
            **options_of(record | {"path": path}, number),
            api_key="k",
            transport=played(record, requests),
            max_retries=0,
        )
        try:
            list(model.stream("hi")) if record["stream"] else model.invoke("hi")
        except ModelError:
            assert refused(record)
        assert {request.url.path for request in requests} == {path}
        checked += 1
    assert checked


def test_prices_are_those_of_the_model_that_azure_s_answer_names() -> None:
    record = next(
        record
        for record in recorded("azure-openai")
        if "openllmetry-testing" in record["path"] and not refused(record) and not record["stream"]
    )
    model = CLOUD_CLASSES["azure"](
        model="openllmetry-testing",
        base_url="https://priced.example",
        api_key="k",
        transport=played(record, []),
    )
    answer = model.invoke("hi")
    assert answer.response_metadata["model_name"] != "openllmetry-testing"
    assert answer.response_metadata["scout"]["cost_usd"] > 0
    assert answer.response_metadata["content_filter_results"]["hate"]["filtered"] is False
