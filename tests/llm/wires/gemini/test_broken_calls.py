"""An answer that is nothing but a failure is an error, whole and streamed."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.providers.google import SPEC
from scout_adapters.llm.wires.gemini import WIRE


@pytest.mark.parametrize(
    "reason",
    [
        "MALFORMED_FUNCTION_CALL",
        10,
        "UNEXPECTED_TOOL_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
    ],
)
@pytest.mark.parametrize("content", [{}, {"content": {}}, {"content": {"parts": [{"text": ""}]}}])
def test_a_broken_call_instead_of_an_answer_is_an_error(reason: Any, content: Any) -> None:
    candidate = {"finishReason": reason, "finishMessage": "Malformed function call: f(", **content}
    body = {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 9}}
    with pytest.raises(ProviderRefusal) as whole:
        WIRE.parse_response(body, SPEC)
    assert whole.value.payload["error"]["message"] == "Malformed function call: f("
    reader = WIRE.reader(SPEC, {})
    with pytest.raises(ProviderRefusal):
        reader.feed(body)
    assert reader.usage is not None


def test_a_broken_call_after_text_ends_the_answer() -> None:
    candidate = {"finishReason": "MALFORMED_FUNCTION_CALL", "content": {"parts": [{"text": "a"}]}}
    message = WIRE.parse_response({"candidates": [candidate]}, SPEC)
    assert (message.content, message.response_metadata["finish_reason"]) == (
        "a",
        "MALFORMED_FUNCTION_CALL",
    )


def test_long_arguments_that_are_no_json_are_refused_before_langchain_repairs_them() -> None:
    """It takes a time that grows with the square of their length: half a minute for these."""
    call = {"functionCall": {"name": "f", "args": " " * 70_000}}
    body = {"candidates": [{"content": {"parts": [call]}, "finishReason": "STOP"}]}
    with pytest.raises(MalformedResponse, match="not valid JSON"):
        WIRE.reader(SPEC, {}).feed(body)
