"""Every chat model reads every recorded answer of its provider, whole and streamed.

The recordings are beside the checkout or in the folders of SCOUT_WIRE; without them: skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ModelError

from scout_adapters.chat_models.providers import MODEL_CLASSES
from tests.support import recordings

RECORDED_AS = {"google": "gemini", "ollama": "ollama-openai"}
PROVIDERS = sorted(MODEL_CLASSES.keys() - {"openai_compatible"})
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
    return record["status"] >= 400 or "error_in_200" in (record.get("features") or [])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recorded_answer_is_read_and_every_refusal_is_named(provider: str) -> None:
    wrong: list[str] = []
    seen = 0
    for seen, record in enumerate(recorded(provider), 1):
        model = MODEL_CLASSES[provider](
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
