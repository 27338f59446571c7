from __future__ import annotations

import json
from typing import Any

BOTH = "What is the weather in Paris and in London?"
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
SCHEMA = {
    "type": "object",
    "properties": {"setup": {"type": "string"}},
    "required": ["setup"],
    "additionalProperties": False,
}


def joined(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the blocks of a stream together."""
    blocks: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        if event["type"] == "content_block_delta":
            delta = dict(event["delta"])
            kind = delta.pop("type")
            for name, piece in delta.items():
                field = "json" if kind == "input_json_delta" else name
                blocks[-1][field] = blocks[-1].get(field, "") + piece
    for block in blocks:
        if "json" in block:
            block["input"] = json.loads(block.pop("json") or "{}")
    return blocks


def same(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> bool:
    """Compare blocks, but for their ids."""
    return [{**block, "id": 0} for block in left] == [{**block, "id": 0} for block in right]


def test_streamed_text_equals_the_whole_answer(client: Any, events: Any) -> None:
    whole, stream = client.messages().json(), events(client.messages(stream=True))
    text = "This is the emulator speaking for anthropic/claude-x. You asked: Hello"
    assert whole["content"] == [{"type": "text", "text": text}]
    assert (whole["stop_reason"], whole["model"]) == ("end_turn", "claude-x")
    assert joined(stream) == whole["content"]
    assert [stream[0]["type"], stream[-1]["type"]] == ["message_start", "message_stop"]
    assert stream[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_every_event_is_named_twice_and_a_ping_follows_the_first_block(client: Any) -> None:
    text = client.messages(stream=True).text
    frames = [frame.split("\n") for frame in text.strip().split("\n\n")]
    for name, data in frames:
        assert name == f"event: {json.loads(data[6:])['type']}"
    assert [name for name, _ in frames][:3] == [
        "event: message_start",
        "event: content_block_start",
        "event: ping",
    ]


def test_parallel_calls_stream_as_they_are_made_whole(
    client: Any, events: Any, weather: Any
) -> None:
    tools = {"tools": [weather("anthropic")]}
    whole = client.messages(BOTH, **tools).json()
    assert [block["input"]["location"] for block in whole["content"]] == ["Paris", "London"]
    assert len({block["id"] for block in whole["content"]}) == 2
    assert whole["stop_reason"] == "tool_use"
    assert same(joined(events(client.messages(BOTH, stream=True, **tools))), whole["content"])


def test_one_call_at_a_time_is_one_call(client: Any, weather: Any) -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    body = client.messages(BOTH, tools=[weather("anthropic")], tool_choice=choice).json()
    assert len(body["content"]) == 1


def test_a_required_tool_is_called(client: Any, weather: Any) -> None:
    for choice in ({"type": "any"}, {"type": "tool", "name": "get_weather"}):
        body = client.messages("Hi", tools=[weather("anthropic")], tool_choice=choice).json()
        assert body["content"][0]["name"] == "get_weather"


def test_a_schema_is_filled_in_both_of_its_places(client: Any) -> None:
    form = {"type": "json_schema", "schema": SCHEMA}
    for more in ({"output_config": {"format": form}}, {"output_format": form}):
        body = client.messages("A joke", **more).json()
        assert set(json.loads(body["content"][0]["text"])) == {"setup"}


def test_a_stop_sequence_ends_the_text_and_is_named(client: Any) -> None:
    body = client.messages(stop_sequences=["speaking"]).json()
    assert body["content"][0]["text"] == "This is the emulator "
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "speaking")


def test_the_limit_of_tokens_is_kept(client: Any) -> None:
    body = client.messages(max_tokens=3).json()
    assert body["stop_reason"] == "max_tokens"
    assert body["usage"]["output_tokens"] == 3


def test_thinking_comes_first_and_is_signed(client: Any, events: Any) -> None:
    whole = client.messages(**THINK).json()["content"]
    assert [block["type"] for block in whole] == ["thinking", "text"]
    assert whole[0]["signature"]
    assert joined(events(client.messages(stream=True, **THINK))) == whole


def test_thinking_goes_back_to_its_maker(client: Any, weather: Any) -> None:
    tools = {"tools": [weather("anthropic")], **THINK}
    question = {"role": "user", "content": "The weather in Paris?"}
    blocks = client.messages(messages=[question], **tools).json()["content"]
    result = {"type": "tool_result", "tool_use_id": blocks[1]["id"], "content": "It's sunny."}
    messages = [
        question,
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": [result]},
    ]
    answer = client.messages(messages=messages, **tools)
    assert answer.json()["content"][1]["text"] == "The tools have answered: It's sunny."


def test_a_marked_prompt_is_written_to_the_cache_and_then_read(client: Any) -> None:
    marked = [{"type": "text", "text": "word " * 4000, "cache_control": {"type": "ephemeral"}}]
    first, again = (client.messages(system=marked).json()["usage"] for _ in range(2))
    assert first["cache_creation_input_tokens"] == again["cache_read_input_tokens"] > 4000
    assert first["cache_read_input_tokens"] == again["cache_creation_input_tokens"] == 0
    assert first["cache_creation"]["ephemeral_5m_input_tokens"] > 4000
    other = client.messages(system=[{**marked[0], "text": "other " * 4000}]).json()["usage"]
    assert other["cache_read_input_tokens"] == 0


def test_a_longer_prompt_reads_what_is_known_and_writes_the_rest(client: Any) -> None:
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    first = {"type": "text", "text": "word " * 4000, **hour}
    second = {"type": "text", "text": "more " * 1000, **hour}
    before = client.messages(system=[first]).json()["usage"]["cache_creation"]
    usage = client.messages(system=[first, second]).json()["usage"]
    assert usage["cache_read_input_tokens"] == before["ephemeral_1h_input_tokens"]
    assert usage["cache_creation"]["ephemeral_1h_input_tokens"] > 1000


def test_the_log_bills_cached_tokens_as_input(client: Any) -> None:
    marked = [{"type": "text", "text": "word " * 4000, "cache_control": {"type": "ephemeral"}}]
    usage = client.messages(system=marked).json()["usage"]
    logged = client.emulator.log[0]
    assert logged.input_tokens == usage["input_tokens"] + usage["cache_creation_input_tokens"]


def test_minimax_speaks_this_protocol_too(client: Any) -> None:
    body = client.messages(provider="minimax").json()
    assert body["content"][0]["text"].startswith("This is the emulator speaking for minimax/")
    assert client.emulator.log[0].path == "/minimax/anthropic/v1/messages"
