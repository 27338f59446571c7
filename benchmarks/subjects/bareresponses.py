"""The floor of the network for the Responses API: httpx and JSON by orjson, nothing around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from canned.answers import MODEL

from subjects import Setup, Subject
from subjects.bare import Bare, subject_of


def text_of(answer: dict[str, Any]) -> str:
    """Return the text of a response, or of one of its events."""
    if "output" in answer:
        text: str = answer["output"][0]["content"][0]["text"]
        return text
    return str(answer["delta"]) if answer["type"] == "response.output_text.delta" else ""


def make(setup: Setup) -> Subject:
    """Set up a sync and an async client."""
    body = {"model": MODEL, "input": setup.prompt, "store": False}
    bare = Bare(setup, "responses", body, {**body, "stream": True})
    return replace(subject_of(bare, setup), text=text_of)
