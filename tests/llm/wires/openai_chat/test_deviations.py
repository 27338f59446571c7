"""What servers of Chat Completions send that OpenAI's documentation does not show."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderRefusal
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.llm.wires.openai_chat.answers import answer, parse
from tests.llm.wires.openai_chat.events import PLAIN, end, event, merged, read

HEAD_A = {"id": "a", "function": {"name": "find", "arguments": ""}}
HEAD_B = {"id": "b", "function": {"name": "read", "arguments": ""}}


TAILS = [
    {"index": 0, "function": {"arguments": '{"q": 1}'}},
    {"index": 1, "function": {"arguments": '{"p": 2}'}},
]


def args_of(arguments: str, name: str = "find") -> Json:
    return {"function": {"name": name, "arguments": arguments}}


def args(text: str, **more: Any) -> Json:
    return {"function": {"arguments": text}, **more}


def streamed(*deltas: list[Json]) -> Any:
    return merged(*(event({"tool_calls": delta}) for delta in deltas), end("tool_calls"))


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        pytest.param(
            [[HEAD_A | {"index": 0}, args("{", index=0)], [args('"q": "x"}', index=0)]],
            [("find", {"q": "x"}, "a")],
            id="two fragments of one call in a delta",
        ),
        pytest.param(
            [
                [HEAD_A | {"index": 0}],
                [args('{"q": 1}', index=0)],
                [HEAD_B | {"index": 0}],
                [args('{"p": 2}', index=1, id="b")],
            ],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="the arguments under another index, with the id",
        ),
        pytest.param(
            [
                [HEAD_A | {"index": 0}],
                [args('{"q": 1}', index=0)],
                [HEAD_B | {"index": 0}],
                [args('{"p": ', index=1)],
                [args("2}", index=1)],
            ],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="the arguments under another index, without an id",
        ),
        pytest.param(
            [[HEAD_A, HEAD_B], [args('{"q": 1}'), args('{"p": 2}')]],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="no index, two calls in a delta",
        ),
        pytest.param(
            [[HEAD_A], [args('{"q": 1}')], [HEAD_B], [args('{"p": 2}')]],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="no index, one call after the other",
        ),
        pytest.param(
            [
                [HEAD_A | {"index": 0}, HEAD_B | {"index": 1}],
                [args('{"p": 2}', index=1, id="b"), args('{"q": 1}', index=0, id="a")],
            ],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="the ids in another order",
        ),
        pytest.param(
            [[HEAD_A | {"index": 0}], [args('{"q": 1}', index=0), {"index": 0, "function": None}]],
            [("find", {"q": 1}, "a")],
            id="a last fragment with nothing in it",
        ),
        pytest.param(
            [[{"id": "a", "index": 0, "function": None}], [{"index": 0} | args_of('{"q": 1}')]],
            [("find", {"q": 1}, "a")],
            id="the id first, with nothing else",
        ),
        pytest.param(
            [[HEAD_A | {"index": "0"}, HEAD_B | {"index": "1"}], TAILS],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="the index as text",
        ),
        pytest.param(
            [[HEAD_A | args_of('{"q": 1}'), HEAD_B | args_of("{", "read")], [args('"p": 2}')]],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "b")],
            id="no index, the rest of the second call alone",
        ),
        pytest.param(
            [[HEAD_A | {"index": 0}], [args('{"q": 1}', index=0)], [HEAD_A | args_of('{"q": 1}')]],
            [("find", {"q": 1}, "a")],
            id="the whole call once more at the end",
        ),
        pytest.param(
            [[HEAD_A | args_of('{"q": 1}')], [HEAD_B | args_of('{"p": 2}', "read") | {"id": "a"}]],
            [("find", {"q": 1}, "a"), ("read", {"p": 2}, "a")],
            id="two calls with one id",
        ),
        pytest.param(
            [[HEAD_A | args_of("{}") | {"index": 0}], [args('{"q": 1}', index=0)]],
            [("find", {"q": 1}, "a")],
            id="empty arguments before the arguments",
        ),
        pytest.param(
            [[None, HEAD_A | args_of('{"q": 1}')]],
            [("find", {"q": 1}, "a")],
            id="a null in the list",
        ),
    ],
)
def test_every_fragment_reaches_its_call(deltas: list[list[Json]], expected: list[Any]) -> None:
    message = streamed(*deltas)
    assert [(c["name"], c["args"], c["id"]) for c in message.tool_calls] == expected
    assert message.invalid_tool_calls == []


@pytest.mark.parametrize(
    "arguments",
    [
        '{"path": "/data',
        '{"path": "/data\\',
        '{"a": [1',
        '{"a": {"b": "x"',
        '{"a": 1',
        '{"a": 1} x',
    ],
)
def test_a_call_that_was_cut_off_is_invalid_in_a_stream_too(arguments: str) -> None:
    whole = parse(answer({"tool_calls": [HEAD_A | args_of(arguments)]}))
    assert [call["args"] for call in whole.invalid_tool_calls] == [arguments]
    message = merged(event({"tool_calls": [HEAD_A | args_of(arguments)]}), end("length"))
    assert message.tool_calls == []
    assert [call["name"] for call in message.invalid_tool_calls] == ["find"]


@pytest.mark.parametrize("more", [{}, {"index": 0}])
@pytest.mark.parametrize(
    "call", [HEAD_A, {"id": "a", "custom": {"name": "find", "input": "rm /d"}}]
)
def test_the_last_call_of_a_cut_answer_is_invalid_without_its_arguments(
    call: Json, more: Json
) -> None:
    choice = answer({"tool_calls": [call | more]})
    choice["choices"][0]["finish_reason"] = "length"
    for message in (parse(choice), merged(event({"tool_calls": [call | more]}), end("length"))):
        assert message.tool_calls == []
        assert [broken["name"] for broken in message.invalid_tool_calls] == ["find"]
    earlier = HEAD_B | {"index": 1} | args_of('{"p": 2}', "read")
    message = merged(event({"tool_calls": [HEAD_A | {"index": 0}, earlier]}), end("length"))
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [
        ("find", {}),
        ("read", {"p": 2}),
    ]


def test_a_whole_answer_in_one_event_is_read() -> None:
    whole = {"message": {"content": "x", "tool_calls": [CALL]}, "delta": None}
    message = merged(event(choice=whole), end("tool_calls"))
    assert (message.content, [c["name"] for c in message.tool_calls]) == ("x", ["find"])


def test_a_long_stream_of_calls_takes_linear_time() -> None:
    deltas = [[HEAD_A | {"index": at, "id": f"c{at}"}, args("{}", index=at)] for at in range(6000)]
    reader = WIRE.reader(PLAIN)
    for delta in deltas:
        reader.feed(event({"tool_calls": delta}))
    assert len(reader._calls._calls) == 6000  # type: ignore[attr-defined]  # the reader's own state


SIGNED = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
CALL = {"id": "a", "type": "function", "function": {"name": "find", "arguments": "{}"}}


def sent_back(message: AIMessage, maker: str = "openai") -> Json:
    message.response_metadata["model_provider"] = maker
    turns = build_turns([HumanMessage("x"), message], PLAIN).turns
    body = WIRE.build_body(ChatRequest(model="m", messages=()), turns, PLAIN)
    return dict(body["messages"][1])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "extra",
    [
        {"extra_content": {"google": {"thought_signature": "c2ln"}}},
        {"extra_content": {"vertex": {"thought_signature": "c2ln"}}},
        {"provider_specific_fields": {"thought_signature": "c2ln"}},
    ],
)
def test_a_thought_signature_on_a_call_is_sent_back_unchanged(whole: bool, extra: Json) -> None:
    if whole:
        message = parse(answer({"tool_calls": [CALL | extra]}))
    else:
        head = event({"tool_calls": [CALL | extra | {"index": 0}]})
        message = AIMessage(**dict(merged(head, end("tool_calls"))) | {"type": "ai"})
    assert sent_back(message)["tool_calls"] == [CALL | extra]
    assert sent_back(message, "other")["tool_calls"] == [CALL]


CUSTOM = {"id": "c", "type": "custom", "custom": {"name": "f", "input": "x\ny"}}


@pytest.mark.parametrize("whole", [True, False])
def test_the_call_of_a_custom_tool_is_kept_and_sent_back(whole: bool) -> None:
    if whole:
        message = parse(answer({"tool_calls": [CUSTOM]}))
    else:
        head = CUSTOM | {"index": 0, "custom": {"name": "f", "input": "x\n"}}
        tail = {"index": 0, "custom": {"input": "y"}}
        events = [event({"tool_calls": [piece]}) for piece in (head, tail)]
        message = AIMessage(**dict(merged(*events, end("tool_calls"))) | {"type": "ai"})
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [("f", {"__arg1": "x\ny"})]
    assert sent_back(message)["tool_calls"] == [CUSTOM]


@pytest.mark.parametrize("function", [None, {}, {"name": "", "arguments": ""}])
def test_an_empty_function_beside_a_custom_call_is_nothing(function: Any) -> None:
    call = CUSTOM | {"function": function}
    for message in (
        parse(answer({"tool_calls": [call]})),
        merged(event({"tool_calls": [call | {"index": 0}]}), end("tool_calls")),
    ):
        assert [(c["name"], c["args"]) for c in message.tool_calls] == [("f", {"__arg1": "x\ny"})]


@pytest.mark.parametrize("kind", ["mcp", "web_search", "retrieval"])
def test_a_tool_that_the_server_has_run_is_no_call_for_the_caller(kind: str) -> None:
    hosted = {"id": "h", "type": kind, kind: {"name": "z"}}
    for message in (
        parse(answer({"content": "x", "tool_calls": [hosted, CALL]})),
        merged(
            event({"tool_calls": [hosted]}),
            event({"content": "x", "tool_calls": [CALL | {"index": 0}]}),
            end("tool_calls"),
        ),
    ):
        assert [call["name"] for call in message.tool_calls] == ["find"]
        assert message.additional_kwargs["server_tool_calls"] == [hosted]
        assert "server_tool_calls" not in sent_back(AIMessage(**dict(message) | {"type": "ai"}))


BROKEN = ["function_call_filter: MALFORMED_FUNCTION_CALL", "malformed_function_call"]


@pytest.mark.parametrize("reason", BROKEN)
def test_a_call_that_gemini_broke_is_an_error_over_openais_api_too(reason: str) -> None:
    empty: Json = {"role": "assistant", "content": None}
    native = {"finish_reason": "error", "native_finish_reason": reason}
    bodies = [answer(empty, choice={"finish_reason": reason}), answer(empty, choice=native)]
    for body in bodies:
        with pytest.raises(ProviderRefusal) as whole:
            parse(body | {"usage": COUNTS | {"cost": 0.5}})
        assert whole.value.payload["error"]["code"] == "MALFORMED_FUNCTION_CALL"
        assert whole.value.cost_usd == 0.5
    with pytest.raises(ProviderRefusal):
        read(event(empty), end(reason))
    assert merged(event({"content": "x"}), end(reason)).content == "x"
    assert parse(answer({"content": "x"}, choice={"finish_reason": reason})).content == "x"


@pytest.mark.parametrize("custom", [{}, {"name": "", "input": ""}, None])
def test_an_empty_custom_beside_a_function_is_nothing(custom: Any) -> None:
    call = CALL | {"custom": custom}
    for message in (
        parse(answer({"tool_calls": [call]})),
        merged(event({"tool_calls": [call | {"index": 0}]}), end()),
    ):
        assert [(c["name"], c["args"]) for c in message.tool_calls] == [("find", {})]


ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
COUNTS = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def test_zeros_are_no_token_counts() -> None:
    assert parse(answer(usage=ZEROS)).usage_metadata is None
    no_prompt = ZEROS | {"completion_tokens": 4, "total_tokens": 4}
    assert parse(answer(usage=no_prompt)).usage_metadata is None
    assert merged(event({"content": "x"}), end(usage=ZEROS)).usage_metadata is None


def test_zeros_after_counts_replace_nothing() -> None:
    message = merged(
        event({"content": "x"}, usage=COUNTS), end(usage=ZEROS | {"cost": 0.5}), {"usage": ZEROS}
    )
    counted = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
    assert message.usage_metadata == counted
    assert message.response_metadata["token_usage"] == COUNTS | {"cost": 0.5}
    assert message.response_metadata["provider_cost_usd"] == 0.5


def test_a_prompt_of_zero_leaves_the_counted_prompt_and_takes_the_longer_answer() -> None:
    later = {"prompt_tokens": 0, "completion_tokens": 7, "total_tokens": 7}
    message = merged(event({"content": "x"}, usage=COUNTS), end(usage=later))
    assert message.usage_metadata == {"input_tokens": 9, "output_tokens": 7, "total_tokens": 16}


@pytest.mark.parametrize(
    "nothing",
    [
        {"id": "x", "object": "chat.completion.chunk", "usage": None, "obfuscation": "l"},
        {"id": "x", "choices": None},
        {"choices": []},
        {},
    ],
)
def test_an_event_without_choices_is_skipped(nothing: Json) -> None:
    message = merged(nothing, event({"content": "x"}), nothing, end(), nothing)
    assert message.content == "x"


@pytest.mark.parametrize(
    "events", [[None], [event({"role": "assistant", "content": ""}), None], [{}, None]]
)
def test_done_without_an_answer_ends_nothing(events: list[Any]) -> None:
    assert not read(*events)[1].finished


def test_done_after_an_answer_without_a_finish_reason_ends_it() -> None:
    assert read(event({"content": "x"}), None)[1].finished
    assert read(event({"images": [{"type": "image_url"}]}), None)[1].finished


def test_all_tools_that_groq_ran_are_kept_though_they_share_an_index() -> None:
    tools = [{"index": 0, "type": "python", "arguments": text} for text in ("a", "b", "c")]
    done = tools[-1] | {"output": "1", "type": "python.run"}
    deltas = [event({"executed_tools": [tool]}) for tool in [*tools, done]]
    message = merged(*deltas, event({"content": "x"}), end())
    assert message.additional_kwargs["executed_tools"] == [*tools[:2], done]
