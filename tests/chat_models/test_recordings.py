"""Every chat model reads what was recorded of its provider, whole and streamed.

`make test` reads a sample in which all that was recorded occurs, `make recordings` all of it; the
tests of the wires read every answer. The recordings are beside the checkout or in the folders of
SCOUT_WIRE; without them: skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ModelError

from scout_adapters.chat_models.providers import MODEL_CLASSES, model_class
from scout_adapters.testing.compatible_providers import COMPATIBLE_HOSTS
from tests.support import recordings

RECORDED_AS = {"google": "gemini", "ollama": "ollama-openai", "vercel": "vercel-gateway"}
PROVIDERS = sorted({*MODEL_CLASSES, *COMPATIBLE_HOSTS} - {"openai_compatible"})
UNASKED = {"json_array_stream", "n_choices"}
"""Recordings of what no chat model requests: streams as one array, several choices."""

pytestmark = recordings.needed


def recorded(provider: str) -> Iterator[dict[str, Any]]:
    name = RECORDED_AS.get(provider, provider)
    for record in recordings.records(name):
        cut = record.get("truncated_response")
        if not cut and not UNASKED & set(record.get("features") or []):
            yield record


def played(record: dict[str, Any]) -> httpx.MockTransport:
    """Answer every request with the record."""
    unsaid = {"content-length", "transfer-encoding", "content-encoding", "connection"}
    headers = {
        name: value if isinstance(value, str) else value[0]
        for name, value in (record.get("response_headers") or {}).items()
        if name.lower() not in unsaid
    }
    body = (record["response_body"] or "").encode()
    return httpx.MockTransport(
        lambda _request: httpx.Response(record["status"], headers=headers, content=body)
    )


def refused(record: dict[str, Any]) -> bool:
    features = record.get("features") or []
    return record["status"] >= 400 or "error_in_200" in features or is_empty(record)


def is_empty(record: dict[str, Any]) -> bool:
    """Return whether a stream ended before it began: nothing was answered."""
    return bool(record["stream"]) and record["response_body"].strip() == "data: [DONE]"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recorded_answer_is_read_and_every_refusal_is_named(provider: str) -> None:
    wrong: list[str] = []
    seen = 0
    for seen, record in enumerate(recordings.sample(recorded(provider)), 1):
        model = model_class(provider)(
            model="m",
            api_key=f"recorded-{seen}",
            base_url=f"https://r{seen}.example",  # each has a circuit of its own
            transport=played(record),
            max_retries=0,
        )
        try:
            answer = list(model.stream("hi")) if record["stream"] else [model.invoke("hi")]
        except ModelError as error:
            if not refused(record):
                wrong.append(f"{record['id']}: {error}")
        else:
            if refused(record) or not answer:
                wrong.append(f"{record['id']}: passed for an answer")
    assert wrong == []
    if not seen:
        pytest.skip(f"nothing of {provider} was recorded")


KINDS = {
    "alibaba": {"invalid_request", "unsupported", "auth_invalid", "model_not_found"},
    "baseten": {"invalid_request", "unsupported", "auth_invalid"},
    "huggingface": {
        *("invalid_request", "unsupported", "auth_invalid", "model_not_found"),
        *("billing", "server_error", "protocol"),
    },
    "perplexity": {"auth_invalid", "model_not_found", "context_overflow"},
    "venice": {"model_not_found"},
}
"""The kinds of the recorded refusals, by provider."""


@pytest.mark.parametrize("provider", KINDS)
def test_recorded_refusals_have_the_kind_that_their_text_states(provider: str) -> None:
    if not recordings.files(provider):
        pytest.skip(recordings.MISSING)
    kinds: dict[str, str] = {}
    for seen, record in enumerate(filter(refused, recorded(provider)), 1):
        model = model_class(provider)(
            model="m",
            api_key=f"refused-{seen}",
            base_url=f"https://k{seen}.example",
            transport=played(record),
            max_retries=0,
        )
        with pytest.raises(ModelError) as caught:
            list(model.stream("hi")) if record["stream"] else model.invoke("hi")
        kinds[str(getattr(caught.value, "kind", None))] = record["response_body"][:200]
    assert kinds.keys() == KINDS[provider], kinds


@pytest.mark.parametrize("provider", ["perplexity", "venice", "vercel"])
def test_the_cost_that_a_provider_states_is_used(provider: str) -> None:
    if not recordings.files(RECORDED_AS.get(provider, provider)):
        pytest.skip(recordings.MISSING)
    stated = 0
    for seen, record in enumerate(recorded(provider), 1):
        if refused(record) or '"cost"' not in record["response_body"]:
            continue
        model = model_class(provider)(
            model="m", api_key="k", base_url=f"https://c{seen}.example", transport=played(record)
        )
        answer = list(model.stream("hi"))[-1] if record["stream"] else model.invoke("hi")
        scout = answer.response_metadata["scout"]
        assert (scout["cost_source"], scout["cost_usd"] >= 0) == ("provider", True)
        if provider == "vercel":
            assert answer.response_metadata["upstream"] in {"anthropic", "openai"}
        stated += 1
    assert stated > 20
