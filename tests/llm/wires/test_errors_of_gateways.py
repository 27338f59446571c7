"""Errors of gateways, and counts that cannot be, are read alike by every wire."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.errors import ProviderRefusal
from scout_adapters.llm.failures import error_from_response
from scout_adapters.llm.pricing.rates import counts_of
from scout_adapters.llm.providers import registry
from scout_adapters.llm.wires.anthropic_messages import WIRE as MESSAGES
from scout_adapters.llm.wires.gemini import WIRE as GEMINI
from scout_adapters.llm.wires.gemini.usage import usage_of as gemini_usage
from scout_adapters.llm.wires.openai_chat import WIRE as CHAT
from scout_adapters.llm.wires.openai_chat.usage import usage_of as chat_usage
from scout_adapters.llm.wires.openai_responses import WIRE as RESPONSES
from scout_adapters.llm.wires.openai_responses.usage import usage_of as responses_usage

WIRES: dict[str, Any] = {
    "groq": CHAT,
    "anthropic": MESSAGES,
    "google": GEMINI,
    "openai": RESPONSES,
}

ERRORS = [
    {"detail": "no GPU left"},
    {"object": "error", "message": "no GPU left", "code": 500},
    {"message": "no GPU left", "code": "500"},
    {"errors": [{"message": "no GPU left"}]},
    {"status": "error", "message": "no GPU left"},
    {"success": False, "message": "no GPU left"},
    {"code": 500, "msg": "no GPU left"},
    {"error_code": "500", "error_msg": "no GPU left"},
]


@pytest.mark.parametrize("body", ERRORS, ids=str)
@pytest.mark.parametrize("provider", WIRES)
def test_an_error_without_a_field_of_that_name_keeps_its_words(provider: str, body: Any) -> None:
    wire, spec = WIRES[provider], registry.spec(provider)
    with pytest.raises(ProviderRefusal) as streamed:
        wire.reader(spec, {}).feed(body)
    with pytest.raises(ProviderRefusal) as whole:
        wire.parse_response(body, spec)
    for refusal in (streamed.value, whole.value):
        error = error_from_response(provider, status=200, headers={}, body=refusal.payload)
        assert error.message == "no GPU left"


@pytest.mark.parametrize(
    "usage",
    [
        gemini_usage(
            {"promptTokenCount": 10, "cachedContentTokenCount": 20, "candidatesTokenCount": 1}
        ),
        responses_usage(
            {
                "input_tokens": 10,
                "output_tokens": 1,
                "total_tokens": 11,
                "input_tokens_details": {"cached_tokens": 20},
            }
        ),
    ],
)
def test_no_more_is_read_from_a_cache_than_the_prompt_has(usage: Any) -> None:
    assert usage["input_token_details"]["cache_read"] == usage["input_tokens"] == 10


@pytest.mark.parametrize(
    "usage",
    [
        chat_usage({"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 0}),
        responses_usage({"input_tokens": 10, "output_tokens": 3, "total_tokens": 0}),
        gemini_usage({"promptTokenCount": 10, "candidatesTokenCount": 3, "totalTokenCount": 0}),
    ],
)
def test_a_total_of_zero_is_one_that_was_not_counted(usage: Any) -> None:
    assert usage["total_tokens"] == 13


def test_an_answer_costs_its_output_though_too_many_tokens_were_cached() -> None:
    usage: Any = {"input_tokens": 10, "output_tokens": 1, "total_tokens": 11}
    usage["input_token_details"] = {"cache_read": 20}
    assert counts_of(usage, {}).cache_read == 10
