"""The cards' quirks, dict in and dict out."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters import ScoutOpenAIChatModel, ScoutXAIChatModel
from scout_adapters._internal.json_values import Json
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.urls import fill_address
from scout_adapters.llm.types import ChatRequest
from scout_adapters.testing import Emulator

SPECS = registry.specs()


def body(provider: str, *messages: Any, **fields: Any) -> Json:
    spec = registry.spec(provider)
    request = ChatRequest(model=spec.default_model or "m", messages=messages, **fields)
    return spec.wire.build_body(request, build_turns(messages, spec).turns, spec)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_card_names_its_documentation_and_what_is_worth_knowing(spec: Any) -> None:
    assert spec.docs.startswith("https://")
    assert spec.quirks
    assert all(quirk.endswith(".") for quirk in spec.quirks)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_address_is_https_or_this_machine(spec: Any) -> None:
    address = fill_address(spec.base_url, spec, dict.fromkeys(spec.placeholders, "acme.example"))
    assert address.startswith(("https://", "http://localhost")) or not address


@pytest.mark.parametrize("provider", ["openai", "minimax", "cerebras"])
def test_the_limit_of_tokens_goes_by_its_new_name_where_the_old_one_is_refused(
    provider: str,
) -> None:
    request_body = body(provider, HumanMessage("hi"), max_tokens=5)
    assert request_body["max_completion_tokens"] == 5
    assert "max_tokens" not in request_body


def test_mistral_gets_ids_of_nine_characters_the_same_on_call_and_result() -> None:
    call = {"name": "f", "args": {}, "id": "toolu_0123456789abcdef"}
    request_body = body(
        "mistral",
        HumanMessage("hi"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("x", tool_call_id=call["id"]),
    )
    sent = request_body["messages"][1]["tool_calls"][0]["id"]
    assert len(sent) == 9
    assert sent.isalnum()
    assert request_body["messages"][2]["tool_call_id"] == sent


def test_mistral_keeps_an_id_of_its_own() -> None:
    call = {"name": "f", "args": {}, "id": "aB3dE6gH9"}
    request_body = body("mistral", HumanMessage("hi"), AIMessage("", tool_calls=[call]))
    assert request_body["messages"][1]["tool_calls"][0]["id"] == "aB3dE6gH9"


def test_mistral_takes_sound_as_bare_base64_and_documents_by_url() -> None:
    sound = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}
    paper = {"type": "file", "base64": "BBBB", "mime_type": "application/pdf"}
    parts = body("mistral", HumanMessage([sound, paper]))["messages"][0]["content"]
    assert parts[0] == {"type": "input_audio", "input_audio": "AAAA"}
    assert parts[1] == {
        "type": "document_url",
        "document_url": "data:application/pdf;base64,BBBB",
    }


def test_minimax_is_asked_for_reasoning_apart_and_never_for_temperature_zero() -> None:
    request_body = body("minimax", HumanMessage("hi"), temperature=0)
    assert request_body["reasoning_split"] is True
    assert request_body["temperature"] == 0.01


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("claude-3-5-haiku-latest", False),
        ("claude-sonnet-4-20250514", False),
        ("claude-opus-4-1", False),
        ("claude-haiku-4-5", True),
        ("claude-opus-5-5", True),
        ("claude-sonnet-4-5-20250929", True),
    ],
)
def test_claude_takes_a_schema_since_4_5(model: str, takes: bool) -> None:
    assert registry.spec("anthropic").takes_schema(model) is takes


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.mark.parametrize("choice", ["any", "f"])
def test_deepseek_does_not_think_where_a_call_is_forced(choice: str) -> None:
    request_body = body("deepseek", HumanMessage("hi"), tools=[TOOL], tool_choice=choice)
    assert request_body["thinking"] == {"type": "disabled"}
    own = {"thinking": {"type": "enabled"}}
    request_body = body("deepseek", HumanMessage("hi"), tools=[TOOL], tool_choice=choice, extra=own)
    assert request_body["thinking"] == {"type": "enabled"}


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_deepseek_thinks_where_the_model_may_answer_in_prose(choice: str | None) -> None:
    assert "thinking" not in body("deepseek", HumanMessage("hi"), tools=[TOOL], tool_choice=choice)


REFUSED: Json = {"stop": ["END"], "frequency_penalty": 0.5, "presence_penalty": 0.5}


def grok(model: str, **options: Any) -> Any:
    emulator = Emulator()
    grok = ScoutXAIChatModel(
        model=model, api_key="k", max_retries=0, transport=emulator.transport(), **options
    )
    message = grok.invoke("Hello", **REFUSED)
    return emulator.log[0].body, message.response_metadata["scout"].get("changes", [])


@pytest.mark.parametrize("model", ["grok-4.3", "grok-4-fast-reasoning", "grok-3-mini"])
def test_a_grok_that_reasons_gets_no_stop_and_no_penalties_and_the_answer_says_so(
    model: str,
) -> None:
    request_body, changes = grok(model)
    assert not request_body.keys() & REFUSED.keys()
    where = "xai does not take it for this model over openai_chat"
    assert sorted(changes) == sorted(f"{name} left out: {where}" for name in REFUSED)


def test_a_grok_that_does_not_reason_gets_them() -> None:
    request_body, changes = grok("grok-4-fast-non-reasoning")
    assert {name: request_body[name] for name in REFUSED} == REFUSED
    assert not changes


def test_stop_sequences_and_penalties_left_out_of_responses_stand_in_the_changes() -> None:
    request_body, changes = grok("grok-4.3", use_responses_api=True)
    assert not request_body.keys() & REFUSED.keys()
    assert {change.partition(" ")[0] for change in changes} == REFUSED.keys()


@pytest.mark.parametrize("temperature", [0.2, 0])
def test_sampling_options_that_openais_reasoning_models_refuse_stand_in_the_changes(
    temperature: float,
) -> None:
    emulator = Emulator()
    model = ScoutOpenAIChatModel(
        model="gpt-6-luna", api_key="k", temperature=temperature, transport=emulator.transport()
    )
    changes = model.invoke("Hello", stop=["END"]).response_metadata["scout"]["changes"]
    assert not emulator.log[0].body.keys() & {"temperature", "stop"}
    assert [change.partition(" ")[0] for change in changes] == ["temperature", "stop"]


@pytest.mark.parametrize(
    ("choice", "expected"), [("any", False), ("f", False), (None, None), ("auto", None)]
)
def test_qwen_does_not_think_where_a_call_is_forced(
    choice: str | None, expected: bool | None
) -> None:
    sent = body("alibaba", HumanMessage("hi"), tools=[TOOL], tool_choice=choice)
    assert sent.get("enable_thinking") is expected
    own = {"enable_thinking": True}
    sent = body("alibaba", HumanMessage("hi"), tools=[TOOL], tool_choice=choice, extra=own)
    assert sent["enable_thinking"] is True
