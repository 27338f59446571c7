"""Whatever JSON Google may send: a message, or an error that has a name."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters.errors import ScoutError
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.gemini import WIRE

SPEC = ProviderSpec(
    name="google",
    docs="https://ai.google.dev/api/generate-content",
    wire=WIRE,
    base_url="https://generativelanguage.googleapis.com",
    model_provider="google_genai",
)
NAMES = st.sampled_from(
    [
        "candidates",
        "content",
        "parts",
        "text",
        "thought",
        "thoughtSignature",
        "functionCall",
        "name",
        "args",
        "id",
        "partialArgs",
        "jsonPath",
        "stringValue",
        "willContinue",
        "inlineData",
        "mimeType",
        "data",
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
        "fileData",
        "finishReason",
        "usageMetadata",
        "promptTokenCount",
        "promptTokensDetails",
        "modality",
        "tokenCount",
        "groundingMetadata",
        "groundingSupports",
        "segment",
        "logprobsResult",
        "index",
        "error",
        "promptFeedback",
        "blockReason",
        "modelVersion",
        "responseId",
        "safetyRatings",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "STOP", "image/png", "audio/L16", "AAAA", "$.a[0].b", "AUDIO"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
CANDIDATE = {
    "content": {
        "parts": [
            {"text": "a", "thought": True, "thoughtSignature": "s"},
            {
                "functionCall": {
                    "name": "f",
                    "args": {"a": 1},
                    "partialArgs": [{"jsonPath": "$.b", "stringValue": "x"}],
                }
            },
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            {"executableCode": {"code": "1"}},
            {"codeExecutionResult": {"output": "1"}},
        ]
    },
    "finishReason": "STOP",
    "index": 0,
    "groundingMetadata": {"groundingSupports": [{"segment": {"endIndex": 1}}]},
    "logprobsResult": {"chosenCandidates": [{"token": "a"}]},
    "safetyRatings": [{"category": "X"}],
}
VALID = {
    "candidates": [CANDIDATE],
    "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
    "modelVersion": "gemini-3-flash-preview",
    "responseId": "r1",
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


MUTATED = st.builds(replaced, st.just(VALID), st.sampled_from(places(VALID)), JSON)


@settings(max_examples=300, deadline=None)
@given(body=JSON | MUTATED)
def test_any_json_is_a_message_or_a_named_error(body: Any) -> None:
    try:
        message = WIRE.parse_response(body, SPEC)
    except ScoutError:
        return
    assert isinstance(message, AIMessage)


@settings(max_examples=300, deadline=None)
@given(events=st.lists(JSON | MUTATED, max_size=4))
def test_any_events_are_a_message_or_a_named_error(events: list[Any]) -> None:
    reader: Any = WIRE.reader(SPEC)
    total = AIMessageChunk(content="")
    try:
        for each in events:
            chunk = reader.feed(each)
            total = total if chunk is None else total + chunk
        total += reader.close()
    except ScoutError:
        return
    assert total.chunk_position == "last"
