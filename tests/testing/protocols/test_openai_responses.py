"""The Responses API of the emulator, read by the wire of the package, and refused in its words."""

from __future__ import annotations

import json
from functools import reduce
from typing import Any

import pytest

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_responses import WIRE

SPEC = ProviderSpec(name="openai", docs="", wire=WIRE, base_url="")
REASONING = {"effort": "low", "summary": "auto"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
USER = {"role": "user", "content": "Hi"}


def whole(response: Any) -> Any:
    assert response.status_code == 200, response.text
    return WIRE.parse_response(response.json(), SPEC)


def streamed(response: Any) -> Any:
    reader = WIRE.reader(SPEC)
    events = [json.loads(line[6:]) for line in response.text.split("\n") if line[:6] == "data: "]
    chunks = [chunk for event in events if (chunk := reader.feed(event))]
    assert reader.finished
    return reduce(lambda left, right: left + right, [*chunks, reader.close()])


@pytest.mark.parametrize("provider", ["openai", "xai", "openrouter", "canyon"])
@pytest.mark.parametrize("prompt", ["Hello", "What is the weather in Paris and in London?"])
def test_a_stream_equals_the_whole_response(
    client: Any, weather: Any, provider: str, prompt: str
) -> None:
    model = "grok-4.3" if provider == "xai" else "gpt-5.5"
    body = {"model": model, "reasoning": REASONING, "tools": [weather("responses")]}
    complete = whole(client.responses(provider, prompt, **body))
    joined = streamed(client.responses(provider, prompt, stream=True, **body))
    assert complete.text == joined.text
    assert [call["args"] for call in complete.tool_calls] == [
        call["args"] for call in joined.tool_calls
    ]
    assert complete.usage_metadata == joined.usage_metadata
    assert [block["type"] for block in complete.content_blocks] == [
        block["type"] for block in joined.content_blocks
    ]
    assert bool(complete.tool_calls) is ("weather" in prompt)
    assert complete.response_metadata["status"] == joined.response_metadata["status"] == "completed"


def test_encrypted_reasoning_is_accepted_unchanged_only(client: Any) -> None:
    body = {"model": "gpt-5", "include": ["reasoning.encrypted_content"], "store": False}
    output = client.responses("openai", **body).json()["output"]
    assert output[0]["encrypted_content"]
    again = client.responses("openai", [USER, *output, USER], **body)
    assert again.status_code == 200
    output[0]["encrypted_content"] = output[0]["encrypted_content"][:-8] + "AAAAAAA="
    refused = client.responses("openai", [USER, *output, USER], **body)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid_encrypted_content"


def test_an_item_that_was_not_stored_is_not_found(client: Any) -> None:
    for store, status in ((True, 200), (False, 404)):
        output = client.responses("openai", model="gpt-5", store=store).json()["output"]
        again = client.responses("openai", [USER, *output, USER], model="gpt-5", store=store)
        assert again.status_code == status, again.text


def test_an_answer_that_is_cut_is_incomplete(client: Any) -> None:
    body = {"model": "gpt-4.1", "max_output_tokens": 16}
    message = whole(client.responses("openai", "Write a long story about " * 20, **body))
    assert message.response_metadata["finish_reason"] == "length"
    assert message.response_metadata["incomplete_details"] == {"reason": "max_output_tokens"}


def test_a_custom_tool_is_called_with_text(client: Any) -> None:
    tools = [{"type": "custom", "name": "run_code"}]
    choice = {"type": "custom", "name": "run_code"}
    for read, stream in ((whole, False), (streamed, True)):
        more = {"stream": stream, "tools": tools, "tool_choice": choice}
        message = read(client.responses("openai", "Go", model="gpt-4.1", **more))
        assert [call["name"] for call in message.tool_calls] == ["run_code"]


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"temprature": 1}, "temprature", "Unknown parameter: 'temprature'."),
        ({"stop": ["x"]}, "stop", "Unknown parameter: 'stop'."),
        ({"max_output_tokens": 10}, "max_output_tokens", "Expected a value >= 16, but got 10"),
        ({"temperature": 3}, "temperature", "decimal above maximum value"),
        ({"input": [CALL]}, "input", "No tool output found for function call call_1."),
        ({"input": [RESULT]}, "input", "No tool call found for function call output with call_id"),
        ({"input": [{"role": "tool", "content": "ok"}]}, "input[0]", "Invalid value: 'tool'"),
        (
            {"input": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
            "input[0].content[0]",
            "Invalid value: 'text'. Supported values are: 'input_text'",
        ),
        ({"input": [USER, {"id": "call_1", **CALL}, RESULT]}, "input[1].id", "begins with 'fc'"),
        ({"tools": [{"type": "function"}]}, "tools[0].name", "Missing required parameter"),
        ({"tool_choice": "required"}, "tool_choice", "must be specified with 'tools' parameter"),
        ({"model": "o1-mini"}, "model", "is not supported with the Responses API."),
        ({"model": "gpt-5", "temperature": 0}, "temperature", "is not supported with this model"),
        ({"model": "gpt-4.1", "reasoning": REASONING}, "reasoning.effort", "is not supported"),
        ({"text": {"format": {"type": "json_object"}}}, "input", "must contain the word 'json'"),
    ],
)
def test_what_openai_refuses_is_refused(
    client: Any, body: dict[str, Any], param: str, words: str
) -> None:
    response = client.responses("openai", **{"input": [USER], **body})
    assert response.status_code == 400
    error = response.json()["error"]
    assert words in error["message"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"


def test_a_result_answers_a_call_of_a_stored_response(client: Any) -> None:
    response = client.responses("openai", [RESULT], previous_response_id="resp_1")
    assert response.status_code == 200
    assert "ok" in whole(response).text


@pytest.mark.parametrize(("model", "status"), [("grok-4", 400), ("grok-4.3", 200)])
def test_a_grok_without_levels_of_effort_refuses_them(client: Any, model: str, status: int) -> None:
    answer = client.responses("xai", model=model, reasoning={"effort": "low"})
    assert answer.status_code == status
    assert ("does not support parameter reasoningEffort." in answer.text) is (status == 400)
