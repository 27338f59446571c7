"""Abilities that a request needs; candidates that lack one, by their profile, are tried last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage

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
"""By type of content block: the ability, in `NAMES`, that a model needs for it."""

NAMES = {
    "image": "no images",
    "audio": "no audio",
    "video": "no video",
    "file": "no files",
    "tools": "no tools",
    "schema": "no JSON schema",
}


SMALLEST_WINDOW = 2000
"""Tokens: the context window of every model is larger."""

SMALL_WINDOW = 32_768
"""Tokens: for context windows up to this size, the definitions of tools are counted too."""


class Needs(NamedTuple):
    """What a request needs: abilities (names in `NAMES`), tokens of context, and tools."""

    features: frozenset[str]
    tokens: int
    """Estimated tokens of the messages."""

    tools: Sequence[Mapping[str, Any]] = ()
    provider_tools: Sequence[Mapping[str, Any]] = ()
    """Tools other than functions: a provider runs them, or its API has an own form for them."""


def needs_of(request: ChatRequest) -> Needs:
    """Return what a request needs of a model."""
    features = {"tools"} if request.tools else set()
    form = request.response_format
    if form is not None and form.get("type") == "json_schema":
        features.add("schema")
    characters = 0
    for message in request.messages:
        content = message.content
        characters += _characters_of_calls(message)
        if isinstance(content, str):
            characters += len(content)
            continue
        for block in content:
            if isinstance(block, str):
                characters += len(block)
            elif kind := _medium(block):
                features.add(kind)
            else:
                characters += len(str(block.get("text") or ""))
    tools = request.tools
    own = [tool for tool in tools if tool.get("type") != "function"] if tools else ()
    return Needs(frozenset(features), characters // CHARS_PER_TOKEN, tools, own)


def _medium(block: Mapping[str, Any]) -> str | None:
    """Return `image`, `audio`, `video` or `file` for a media block; None for other blocks."""
    kind = block.get("type") or ""
    if kind == "media":
        main = str(block.get("mime_type")).partition("/")[0]
        return main if main in {"image", "audio", "video"} else "file"
    return MEDIA_TYPES.get(kind)


def _characters_of_calls(message: BaseMessage) -> int:
    """Return the length of the arguments of a message's tool calls."""
    if not isinstance(message, AIMessage) or not message.tool_calls:
        return 0
    return sum(len(str(call["args"])) for call in message.tool_calls)


def _is_short_text(request: ChatRequest) -> bool:
    """Return whether all messages are text that fits in the context window of every model."""
    characters = 0
    for message in request.messages:
        content = message.content
        if not isinstance(content, str):
            return False
        characters += len(content) + _characters_of_calls(message)
    return characters < SMALLEST_WINDOW * CHARS_PER_TOKEN


def lacks(candidate: Candidate, needs: Needs) -> bool:
    """Return whether a candidate lacks what a request needs, according to its profile."""
    limits = limits_of(candidate.endpoint.spec, candidate.model)
    return (
        not limits.lacks.isdisjoint(needs.features)
        or _is_too_long(needs, limits.window)
        or _foreign_tool(candidate, needs) is not None
    )


def _is_too_long(needs: Needs, window: int | None) -> bool:
    """Return whether the prompt exceeds a context window in tokens; False if that is None."""
    if window is None or needs.tokens > window:
        return window is not None
    if window > SMALL_WINDOW or not needs.tools:
        return False
    return needs.tokens + len(str(needs.tools)) // CHARS_PER_TOKEN > window


def _foreign_tool(candidate: Candidate, needs: Needs) -> str | None:
    """Return the name of a tool that the candidate's API does not have; None if it has all.

    None too for functions and models of other packages, whose tools are unknown.
    """
    if not needs.provider_tools:
        return None
    wire = candidate.endpoint.spec.card_of(candidate.model).wire
    if wire is None:
        return None
    foreign = (tool for tool in needs.provider_tools if not wire.takes_tool(tool))
    return next((str(tool.get("type") or next(iter(tool), "")) for tool in foreign), None)


def able_first(candidates: Sequence[Candidate], request: ChatRequest) -> Sequence[Candidate]:
    """Return the candidates with those last that lack an ability; the order is kept otherwise."""
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
    """Return why a candidate is tried last: the abilities that it lacks; "" if it lacks none."""
    if not isinstance(request, ChatRequest):
        return ""
    needs = needs_of(request)
    missing = "; ".join(_missing(candidate, needs))
    reasons = [f"its profile has {missing}"] if missing else []
    if tool := _foreign_tool(candidate, needs):
        reasons.append(f"its API has no tool {tool!r:.60}")
    return f"tried last: {'; '.join(reasons)}" if reasons else ""


def _missing(candidate: Candidate, needs: Needs) -> Iterator[str]:
    limits = limits_of(candidate.endpoint.spec, candidate.model)
    for feature, name in NAMES.items():
        if feature in needs.features and feature in limits.lacks:
            yield name
    if _is_too_long(needs, limits.window):
        tokens = needs.tokens
        if tokens <= (limits.window or 0):
            tokens += len(str(needs.tools)) // CHARS_PER_TOKEN
        yield f"a window of {limits.window} tokens, and the prompt has about {tokens}"
