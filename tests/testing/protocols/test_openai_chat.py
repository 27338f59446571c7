from __future__ import annotations

import json
from typing import Any

import pytest

from scout_adapters.testing.emulated_providers import EMULATED_PROVIDERS

PROVIDERS = [
    name
    for name, provider in EMULATED_PROVIDERS.items()
    if any("openai" in wires for wires in provider.roots.values())
]
PROVIDERS += ["acme"]
BOTH = "What is the weather in Paris and in London?"
SCHEMA = {"type": "object", "properties": {"setup": {"type": "string"}}, "required": ["setup"]}
JOKE = {"type": "json_schema", "json_schema": {"name": "Joke", "schema": SCHEMA}}


def text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def streamed(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Join the deltas of a stream into one message."""
    text, thought, finish = "", "", None
    calls: dict[int, dict[str, Any]] = {}
    for choice in (choice for event in events for choice in event["choices"]):
        delta = choice["delta"]
        if isinstance(delta.get("content"), list):
            thought += delta["content"][0]["thinking"][0]["text"]
        else:
            text += delta.get("content") or ""
        thought += delta.get("reasoning") or delta.get("reasoning_content") or ""
        for call in delta.get("tool_calls", ()):
            block = calls.setdefault(call["index"], {"id": call.get("id"), "arguments": ""})
            block["name"] = call["function"].get("name") or block["name"]
            block["arguments"] += call["function"]["arguments"]
        finish = choice.get("finish_reason") or finish
    return {"text": text, "thought": thought, "calls": list(calls.values()), "finish": finish}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_streamed_text_equals_the_whole_answer(client: Any, events: Any, provider: str) -> None:
    whole = client.chat(provider, stop=["asked"]).json()
    stream = client.chat(provider, stop=["asked"], stream=True)
    message = whole["choices"][0]["message"]
    assert message["content"] == f"This is the emulator speaking for {provider}/m. You "
    assert whole["model"] == "m"
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert streamed(events(stream))["text"] == message["content"]
    assert streamed(events(stream))["finish"] == "stop"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_parallel_calls_stream_as_they_are_made_whole(
    client: Any, events: Any, weather: Any, provider: str
) -> None:
    tools = {"tools": [weather("openai")]}
    whole = client.chat(provider, BOTH, **tools).json()["choices"][0]
    stream = streamed(events(client.chat(provider, BOTH, stream=True, **tools)))
    functions = [call["function"] for call in whole["message"]["tool_calls"]]
    assert [json.loads(call["arguments"]) for call in functions] == [
        {"location": "Paris"},
        {"location": "London"},
    ]
    assert [(c["name"], c["arguments"]) for c in stream["calls"]] == [
        (c["name"], c["arguments"]) for c in functions
    ]
    assert len({call["id"] for call in whole["message"]["tool_calls"]}) == 2
    assert len({call["id"] for call in stream["calls"]}) == 2
    assert whole["finish_reason"] == stream["finish"] == "tool_calls"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_call_at_a_time_is_one_call(client: Any, weather: Any, provider: str) -> None:
    body = client.chat(provider, BOTH, tools=[weather("openai")], parallel_tool_calls=False).json()
    assert len(body["choices"][0]["message"]["tool_calls"]) == 1


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_weather"}}]
)
def test_a_required_tool_is_called(client: Any, weather: Any, choice: Any) -> None:
    body = client.chat("groq", "Hello", tools=[weather("openai")], tool_choice=choice).json()
    assert body["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_weather"


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "deepseek"])
def test_a_schema_is_filled(client: Any, provider: Any) -> None:
    body = client.chat(provider, "Tell me a joke", response_format=JOKE).json()
    assert set(json.loads(body["choices"][0]["message"]["content"])) == {"setup"}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_tokens_is_kept(client: Any, provider: Any, field: Any) -> None:
    body = client.chat(provider, **{field: 3}).json()
    if (provider, field) == ("mistral", "max_completion_tokens"):  # a field that it does not have
        assert "Extra inputs are not permitted" in str(body)
        return
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["choices"][0]["message"]["content"] == "This is the "


@pytest.mark.parametrize(
    ("provider", "field"),
    [
        ("groq", "reasoning"),
        ("openrouter", "reasoning"),
        ("deepseek", "reasoning_content"),
        ("mistral", "content"),
        ("xai", "reasoning_content"),
        ("together", "reasoning"),
        ("fireworks", "reasoning_content"),
        ("cerebras", "reasoning"),
        ("ollama", "reasoning"),
        ("minimax", "reasoning_content"),
        ("vllm", "reasoning_content"),
    ],
)
def test_reasoning_has_the_field_of_its_provider(
    client: Any, events: Any, provider: Any, field: Any
) -> None:
    options = {
        "reasoning_effort": "low",
        **({"reasoning_split": True} if provider == "minimax" else {}),
    }
    message = client.chat(provider, **options).json()["choices"][0]["message"]
    thought = message[field]
    if field == "content":
        thought = thought[0]["thinking"][0]["text"]
    assert thought.startswith("The user says: Hello")
    stream = streamed(events(client.chat(provider, stream=True, **options)))
    assert stream["thought"] == thought
    assert stream["text"] == text_of(message["content"]).replace(thought, "")


def test_openai_counts_reasoning_and_does_not_show_it(client: Any) -> None:
    body = client.chat("openai", reasoning_effort="low").json()
    assert set(body["choices"][0]["message"]) == {"role", "content", "refusal", "annotations"}
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_minimax_reasons_in_the_text_unless_a_split_is_requested(client: Any) -> None:
    message = client.chat("minimax", reasoning_effort="low").json()["choices"][0]["message"]
    assert message["content"].startswith("<think>\nThe user says")
    assert "reasoning_content" not in message


def test_a_model_with_a_reasoning_name_reasons_by_default(client: Any) -> None:
    for model in ("deepseek-reasoner", "deepseek-r1", "kimi-thinking"):
        body = client.chat("groq", model=model).json()
        assert "reasoning" in body["choices"][0]["message"]
    quiet = client.chat("groq", model="deepseek-r1", reasoning_effort="none").json()
    assert "reasoning" not in quiet["choices"][0]["message"]


def test_xai_counts_reasoning_beside_the_completion(client: Any) -> None:
    usage = client.chat("xai", reasoning_effort="low").json()["usage"]
    reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
    sums = usage["prompt_tokens"] + usage["completion_tokens"] + reasoning
    assert usage["total_tokens"] == sums


@pytest.mark.parametrize("provider", ["openai", "ollama", "vllm"])
def test_usage_streams_only_on_request(client: Any, events: Any, provider: Any) -> None:
    without = events(client.chat(provider, stream=True))
    assert not any(event.get("usage") for event in without)
    chunks = events(client.chat(provider, stream=True, stream_options={"include_usage": True}))
    assert [bool(event.get("usage")) for event in chunks[-2:]] == [False, True]
    assert chunks[-1]["choices"] == []


@pytest.mark.parametrize(
    "provider", ["groq", "deepseek", "mistral", "xai", "openrouter", "minimax"]
)
def test_usage_streams_once_and_last_where_it_always_does(
    client: Any, events: Any, provider: Any
) -> None:
    chunks = events(client.chat(provider, stream=True))
    assert [bool(event.get("usage")) for event in chunks].count(True) == 1
    assert chunks[-1]["usage"]["total_tokens"] > 0


def test_groq_repeats_its_usage_in_a_field_of_its_own(client: Any, events: Any) -> None:
    last = events(client.chat("groq", stream=True))[-1]
    assert last["x_groq"]["usage"] == last["usage"]
    chunks = events(client.chat("groq", stream=True, stream_options={"include_usage": True}))
    assert chunks[-2]["x_groq"]["usage"] == chunks[-1]["usage"]


def test_openrouter_sends_comments_blank_lines_and_a_price(client: Any, events: Any) -> None:
    whole, stream = client.chat("openrouter"), client.chat("openrouter", stream=True)
    assert whole.text.startswith("\n")
    assert stream.text.startswith(": OPENROUTER PROCESSING\n\n")
    spent = [events(stream)[-1]["usage"]["cost"], whole.json()["usage"]["cost"]]
    logged = [request.cost_nanousd for request in reversed(client.emulator.log)]
    assert [round(cost * 1e9) for cost in spent] == logged


def test_xai_names_its_price_in_ticks(client: Any) -> None:
    ticks = client.chat("xai").json()["usage"]["cost_in_usd_ticks"]
    assert ticks == client.emulator.log[0].cost_nanousd * 10


def test_cerebras_alone_ends_without_a_marker(client: Any) -> None:
    ends = {
        provider: client.chat(provider, stream=True).text.endswith("data: [DONE]\n\n")
        for provider in PROVIDERS
    }
    assert [provider for provider, marked in ends.items() if not marked] == ["cerebras"]


def test_mistral_names_calls_with_nine_letters_and_digits(client: Any, weather: Any) -> None:
    body = client.chat("mistral", BOTH, tools=[weather("openai")]).json()
    ids = [call["id"] for call in body["choices"][0]["message"]["tool_calls"]]
    assert all(len(call_id) == 9 and call_id.isalnum() for call_id in ids)


def test_logprobs_are_sent_on_request(client: Any, events: Any) -> None:
    body = client.chat("openai", logprobs=True, top_logprobs=2).json()
    content = body["choices"][0]["logprobs"]["content"]
    text = "".join(item["token"] for item in content)
    assert text == body["choices"][0]["message"]["content"]
    assert len(content[0]["top_logprobs"]) == 1
    chunks = events(client.chat("openai", logprobs=True, stream=True))
    tokens = [item["choices"][0]["logprobs"] for item in chunks if item["choices"]]
    assert "".join(item["content"][0]["token"] for item in tokens if item) == text


def test_media_count_tokens_and_nothing_else(client: Any) -> None:
    plain = client.chat("openai").json()["usage"]
    parts = [
        {"type": "text", "text": "Hello"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ]
    rich = client.chat("openai", messages=[{"role": "user", "content": parts}]).json()["usage"]
    assert rich["prompt_tokens"] - plain["prompt_tokens"] == 85 + 50
    assert rich["prompt_tokens_details"]["audio_tokens"] == 50


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_text_that_stops_before_it_begins_is_empty(
    client: Any, events: Any, provider: str
) -> None:
    body = client.chat(provider, stop="This").json()
    assert body["choices"][0]["message"]["content"] == ""
    stream = streamed(events(client.chat(provider, stop="This", stream=True)))
    assert (stream["text"], stream["finish"]) == ("", "stop")


def test_a_tool_s_answer_is_spoken_about(client: Any, weather: Any) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "The weather in Paris?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "It's sunny."},
    ]
    body = client.chat("groq", messages=messages, tools=[weather("openai")]).json()
    assert body["choices"][0]["message"]["content"] == "The tools have answered: It's sunny."


@pytest.mark.parametrize("stream", [False, True])
def test_groq_answers_where_its_code_tool_runs(client: Any, stream: bool) -> None:
    tools = [{"type": "code_interpreter"}, {"type": "browser_search"}]
    answer = client.chat("groq", "search, then run code", tools=tools, stream=stream)
    assert answer.status_code == 200
    assert "browser.search" in answer.text
