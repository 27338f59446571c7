"""What a request needs of a model, and which candidates are known to lack it: they come last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.types import ChatRequest, ModelRequest

CHARS_PER_TOKEN = 4
"""Characters per token, for estimates."""

MEDIA_TYPES = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "audio": "audio",
    "input_audio": "audio",
    "video": "video",
    "video_url": "video",
    "file": "file",
    "document": "file",
    "input_file": "file",
}
"""Types of content blocks, and what a model must take for them."""

NAMES = {
    "image": "no images",
    "audio": "no audio",
    "video": "no video",
    "file": "no files",
    "tools": "no tools",
    "schema": "no JSON schema",
}


SMALLEST_WINDOW = 2000
"""Tokens: every model has a window of more."""


class Needs(NamedTuple):
    """What a request needs: keys of `NAMES`, and about how many tokens of context."""

    features: frozenset[str]
    tokens: int


def needs_of(request: ChatRequest) -> Needs:
    """Return what a request needs of a model."""
    features = {"tools"} if request.tools else set()
    form = request.response_format
    if form is not None and form.get("type") == "json_schema":
        features.add("schema")
    characters = 0
    for message in request.messages:
        content = message.content
        if isinstance(content, str):
            characters += len(content)
            continue
        for block in content:
            if isinstance(block, str):
                characters += len(block)
            elif kind := MEDIA_TYPES.get(block.get("type") or ""):
                features.add(kind)
            else:
                characters += len(str(block.get("text") or ""))
    return Needs(frozenset(features), characters // CHARS_PER_TOKEN)


def _is_short_text(request: ChatRequest) -> bool:
    """Return whether every model can take the messages; most calls need no closer look."""
    characters = 0
    for message in request.messages:
        content = message.content
        if not isinstance(content, str):
            return False
        characters += len(content)
    return characters < SMALLEST_WINDOW * CHARS_PER_TOKEN


def lacks(candidate: Candidate, needs: Needs) -> bool:
    """Return whether a candidate lacks what a request needs, according to its profile."""
    limits = limits_of(candidate.endpoint.spec, candidate.model)
    too_long = limits.window is not None and needs.tokens > limits.window
    return too_long or not limits.lacks.isdisjoint(needs.features)


def able_first(candidates: Sequence[Candidate], request: ChatRequest) -> Sequence[Candidate]:
    """Put candidates last that are known to be unable; else keep the order."""
    if not request.tools and request.response_format is None and _is_short_text(request):
        return candidates
    needs = needs_of(request)
    if not needs.features and needs.tokens < SMALLEST_WINDOW:
        return candidates
    unable = [lacks(candidate, needs) for candidate in candidates]
    if not any(unable) or all(unable):
        return candidates
    able = [candidate for candidate, last in zip(candidates, unable, strict=True) if not last]
    return (*able, *(c for c, last in zip(candidates, unable, strict=True) if last))


def reason_for_last(candidate: Candidate, request: ModelRequest) -> str:
    """Return why a candidate comes last; empty if it is not known to be unable."""
    if not isinstance(request, ChatRequest):
        return ""
    needs = needs_of(request)
    missing = "; ".join(_missing(candidate, needs))
    return f"tried last: its profile has {missing}" if missing else ""


def _missing(candidate: Candidate, needs: Needs) -> Iterator[str]:
    limits = limits_of(candidate.endpoint.spec, candidate.model)
    for feature, name in NAMES.items():
        if feature in needs.features and feature in limits.lacks:
            yield name
    if limits.window is not None and needs.tokens > limits.window:
        yield f"a window of {limits.window} tokens, and the prompt has about {needs.tokens}"
