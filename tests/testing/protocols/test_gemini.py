from __future__ import annotations

import json
from typing import Any

import pytest

BOTH = "What is the weather in Paris and in London?"
SCHEMA = {"type": "object", "properties": {"setup": {"type": "string"}}, "required": ["setup"]}
THINK = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}


def parts(*bodies: Any) -> list[Any]:
    return [part for body in bodies for part in body["candidates"][0]["content"].get("parts", [])]


def test_streamed_text_equals_the_whole_answer(client: Any, events: Any) -> None:
    whole, stream = client.gemini().json(), client.gemini(stream=True)
    text = "This is the emulator speaking for google/gemini-2.5-flash. You asked: Hello"
    assert parts(whole) == [{"text": text}]
    assert whole["candidates"][0]["finishReason"] == "STOP"
    assert whole["modelVersion"] == "gemini-2.5-flash"
    assert "".join(part["text"] for part in parts(*events(stream))) == text
    assert stream.text.endswith("\r\n\r\n")
    assert "[DONE]" not in stream.text


def test_usage_stands_in_every_chunk_and_grows(client: Any, events: Any) -> None:
    usages = [event["usageMetadata"] for event in events(client.gemini(stream=True))]
    counts = [usage["candidatesTokenCount"] for usage in usages]
    assert len(counts) > 1
    assert counts == sorted(counts)
    assert usages[-1] == client.gemini().json()["usageMetadata"]


def test_without_sse_a_stream_is_one_json_array(client: Any) -> None:
    url = client.emulator.url("google") + "/v1beta/models/gemini-x:streamGenerateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    answer = client.http.post(url, json=body, headers={"x-goog-api-key": "k"})
    assert "".join(part["text"] for part in parts(*answer.json())).endswith("You asked: Hello")


def test_parallel_calls_stream_as_they_are_made_whole(
    client: Any, events: Any, weather: Any
) -> None:
    tools = {"tools": [weather("gemini")]}
    whole = client.gemini(BOTH, **tools).json()
    calls = [part["functionCall"] for part in parts(whole)]
    assert [call["args"]["location"] for call in calls] == ["Paris", "London"]
    assert whole["candidates"][0]["finishReason"] == "STOP"
    assert parts(*events(client.gemini(BOTH, stream=True, **tools))) == parts(whole)


def test_a_required_tool_is_called(client: Any, weather: Any) -> None:
    for config in ({"mode": "ANY"}, {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}):
        more = {"tools": [weather("gemini")], "toolConfig": {"functionCallingConfig": config}}
        assert parts(client.gemini("Hi", **more).json())[0]["functionCall"]["name"] == "get_weather"


def test_gemini_3_signs_the_first_call_of_several(client: Any, weather: Any) -> None:
    calls = parts(client.gemini(BOTH, model="gemini-3-pro", tools=[weather("gemini")]).json())
    assert ["thoughtSignature" in part for part in calls] == [True, False]
    assert all(part["functionCall"]["id"] for part in calls)


@pytest.mark.parametrize("field", ["responseSchema", "responseJsonSchema", "response_json_schema"])
def test_a_schema_is_filled(client: Any, field: Any) -> None:
    config = {"responseMimeType": "application/json", field: SCHEMA}
    body = client.gemini("A joke", generationConfig=config).json()
    assert set(json.loads(parts(body)[0]["text"])) == {"setup"}


def test_instructions_count_and_dicts_of_results_are_sent_as_json(client: Any) -> None:
    system = {"parts": [{"text": "Be kind. " * 40}]}
    body = client.gemini(systemInstruction=system).json()
    assert body["usageMetadata"]["promptTokenCount"] > 80
    call = {"functionCall": {"name": "f", "args": {}}}
    answer = {"functionResponse": {"name": "f", "response": {"a": 1, "b": 2}}}
    turns = [("user", {"text": "Hi"}), ("model", call), ("user", answer)]
    contents = [{"role": role, "parts": [part]} for role, part in turns]
    text = parts(client.gemini(contents=contents).json())[0]["text"]
    assert text == 'The tools have answered: {"a":1,"b":2}'


def test_a_text_that_stops_before_it_begins_has_no_parts(client: Any, events: Any) -> None:
    stopped = {"generationConfig": {"stopSequences": ["This"]}}
    assert client.gemini(**stopped).json()["candidates"][0]["content"] == {"role": "model"}
    assert parts(*events(client.gemini(stream=True, **stopped))) == [{"text": ""}]


def test_json_without_a_schema_is_an_object(client: Any) -> None:
    config = {"responseMimeType": "application/json"}
    body = client.gemini("Give me JSON with 'setup'", generationConfig=config).json()
    assert set(json.loads(parts(body)[0]["text"])) == {"setup"}


def test_a_stop_sequence_ends_the_text(client: Any) -> None:
    body = client.gemini(generationConfig={"stopSequences": ["speaking"]}).json()
    assert parts(body) == [{"text": "This is the emulator "}]


def test_the_limit_of_tokens_is_kept(client: Any) -> None:
    body = client.gemini(generationConfig={"maxOutputTokens": 3}).json()
    assert body["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert body["usageMetadata"]["candidatesTokenCount"] == 3


def test_an_answer_that_was_all_thought_has_no_parts_of_text(client: Any) -> None:
    config = {"maxOutputTokens": 3, **THINK["generationConfig"]}
    body = client.gemini(generationConfig=config).json()
    assert [part.get("thought") for part in parts(body)] == [True]
    assert "candidatesTokenCount" not in body["usageMetadata"]


def test_thoughts_are_parts_and_counted_apart(client: Any, events: Any) -> None:
    whole = client.gemini(**THINK).json()
    assert [part.get("thought") for part in parts(whole)] == [True, None]
    usage = whole["usageMetadata"]
    sums = sum(usage[f"{name}TokenCount"] for name in ("prompt", "candidates", "thoughts"))
    assert usage["totalTokenCount"] == sums
    first = events(client.gemini(stream=True, **THINK))[0]
    assert parts(first)[0]["thought"] is True


def test_media_count_tokens_by_their_kind(client: Any) -> None:
    rich = [{"text": "Hello"}, {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}]
    body = client.gemini(contents=[{"role": "user", "parts": rich}]).json()
    assert body["usageMetadata"]["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 2},
        {"modality": "AUDIO", "tokenCount": 50},
    ]


def test_a_function_s_answer_is_spoken_about(client: Any, weather: Any) -> None:
    call = {"functionCall": {"name": "get_weather", "args": {"location": "Paris"}}}
    answer = {"functionResponse": {"name": "get_weather", "response": {"output": "It's sunny."}}}
    contents = [
        {"role": "user", "parts": [{"text": "The weather in Paris?"}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [answer]},
    ]
    body = client.gemini(contents=contents, tools=[weather("gemini")]).json()
    assert parts(body) == [{"text": "The tools have answered: It's sunny."}]


@pytest.mark.parametrize(
    ("tool", "grounded"),
    [("code_execution", False), ("google_search", True), ("google_maps", True)],
)
def test_only_searches_ground_an_answer(client: Any, tool: str, grounded: bool) -> None:
    answer = client.gemini("search the maps by code", tools=[{tool: {}}]).json()
    assert ("groundingMetadata" in answer["candidates"][0]) == grounded
