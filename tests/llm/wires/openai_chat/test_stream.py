"""Streamed answers of Chat Completions: events in, chunks out that LangChain can add up."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.llm.wires.openai_chat.events import ID, PLAIN, end, event, merged, read

USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "total_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 0},
}

COUNTED = {
    "input_tokens": 20,
    "output_tokens": 10,
    "total_tokens": 30,
    "input_token_details": {"cache_read": 8, "cache_creation": 2, "audio": 0},
    "output_token_details": {"reasoning": 4, "audio": 0},
}


def test_a_stream_is_chunks_of_content_and_a_last_one_with_the_rest() -> None:
    first, second, last = read(
        event({"role": "assistant", "content": ""}),
        event({"content": "Hel"}),
        event({"content": "lo"}),
        end(system_fingerprint="fp_1", service_tier="default"),
        {"id": ID, "model": "gpt-5-2026", "choices": [], "usage": USAGE},
        None,
    )[0]
    names = {"model_name": "gpt-5-2026", "id": ID, "model_provider": "openai"}
    assert first == AIMessageChunk(content="Hel", id=ID, response_metadata=names)
    assert second == AIMessageChunk(
        content="lo", id=ID, response_metadata={"model_provider": "openai"}
    )
    assert last == AIMessageChunk(
        content="",
        id=ID,
        usage_metadata=COUNTED,
        response_metadata={
            "model_provider": "openai",
            "finish_reason": "stop",
            "system_fingerprint": "fp_1",
            "service_tier": "default",
            "token_usage": USAGE,
        },
        chunk_position="last",
    )


def test_a_stream_without_content_still_names_its_model() -> None:
    chunks, _ = read(event({"role": "assistant"}), end("length"))
    assert len(chunks) == 1
    assert chunks[0].response_metadata["model_name"] == "gpt-5-2026"


def test_a_model_that_is_named_late_is_named_once() -> None:
    nameless = {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    assert merged(nameless, end()).response_metadata["model_name"] == "gpt-5-2026"


@pytest.mark.parametrize("last", [end(), None])
def test_a_finish_reason_or_the_done_marker_finishes_a_stream(last: Json | None) -> None:
    reader = WIRE.reader(PLAIN)
    reader.feed(event({"content": "Hi"}))
    assert not reader.finished
    reader.feed(last)
    assert reader.finished


def test_an_interrupted_stream_closes_with_what_came() -> None:
    chunks, reader = read(event({"content": "Hi"}))
    assert not reader.finished
    assert (chunks[0] + chunks[1]).content == "Hi"
    assert chunks[1].usage_metadata is None


@pytest.mark.parametrize(
    "usage",
    [
        [end(usage=USAGE)],
        [end(), {"choices": [], "usage": USAGE}],
        [end(), {"choices": None, "usage": USAGE}],
        [end(x_groq={"id": "r", "usage": USAGE})],
        [end(x_groq={"usage": USAGE}), {"choices": [], "usage": USAGE}],
        [end(), event(choice={"usage": USAGE})],
        [event(usage=USAGE | {"completion_tokens": None, "total_tokens": None}), end(usage=USAGE)],
        [end(usage=USAGE), {"choices": [], "usage": {"total_tokens": 0}}],
        [event(usage=None), end(usage=USAGE)],
    ],
)
def test_usage_is_counted_once_wherever_it_stands(usage: list[Json]) -> None:
    chunks, reader = read(event({"content": "Hi"}), *usage)
    assert reader.usage == COUNTED
    assert [chunk.usage_metadata for chunk in chunks] == [None, COUNTED]


def test_events_about_filters_and_moderation_show_nothing() -> None:
    reader = WIRE.reader(PLAIN)
    filters = {"choices": [], "id": "", "model": "", "prompt_filter_results": [{}]}
    verdict = event()
    del verdict["choices"][0]["delta"]
    assert [reader.feed(e) for e in (filters, verdict)] == [None, None]
    assert reader.feed(event({"content": "Hi"})).response_metadata["model_name"] == "gpt-5-2026"  # type: ignore[union-attr]  # a chunk


def test_one_choice_of_several_is_read() -> None:
    others = [event({"content": word}, choice={"index": 1}) for word in ("no", "nope")]
    assert merged(event({"content": "Yes"}), others[0], end(), others[1]).content == "Yes"


def test_thoughts_stream_as_they_come_and_their_details_arrive_whole() -> None:
    kind = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
    chunks, _ = read(
        event({"reasoning": "H", "reasoning_details": [kind | {"text": "H"}]}),
        event({"reasoning": "m", "reasoning_details": [kind | {"text": "m"}]}),
        event({"content": "", "reasoning_details": [kind | {"signature": "sig"}]}),
        event({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 0}]}),
        event({"reasoning_details": [{"type": "reasoning.encrypted", "data": "y", "index": 0}]}),
        end(),
    )
    assert [c.additional_kwargs.get("reasoning_content") for c in chunks] == ["H", "m", None]
    total = chunks[0] + chunks[1:]
    assert total.additional_kwargs == {
        "reasoning_content": "Hm",
        "reasoning_details": [
            kind | {"text": "Hm", "signature": "sig"},
            {"type": "reasoning.encrypted", "data": "x", "index": 0},
            {"type": "reasoning.encrypted", "data": "y", "index": 0},
        ],
    }


def test_thoughts_that_only_the_details_hold_are_read() -> None:
    details = [{"type": "reasoning.text", "text": "Hm."}]
    delta = {"reasoning_content": "", "reasoning_details": details}
    assert merged(event(delta), end()).additional_kwargs["reasoning_content"] == "Hm."


def test_groqs_tools_are_kept_once_with_their_output() -> None:
    search = {"index": 0, "type": "search", "arguments": '{"query": "x"}'}
    total = merged(
        event({"executed_tools": [search]}),
        event({"executed_tools": [search | {"output": "y"}]}),
        event({"content": "Hi"}),
        end(),
    )
    assert total.additional_kwargs == {"executed_tools": [search | {"output": "y"}]}


def test_lists_that_grow_with_every_event_are_kept_once() -> None:
    first, both = ["https://a.example"], ["https://a.example", "https://b.example"]
    total = merged(event({"content": "H"}, citations=first), end(citations=both))
    assert total.additional_kwargs == {"citations": both}


def test_speech_legacy_calls_and_log_probabilities_are_joined() -> None:
    total = merged(
        event({"audio": {"id": "audio_1", "transcript": "Hel"}, "refusal": "N"}),
        event({"audio": {"transcript": "lo", "data": "QUJD"}, "refusal": "o"}),
        event({"function_call": {"name": "f", "arguments": '{"a"'}}),
        event(
            {"function_call": {"arguments": ": 1}"}},
            choice={"logprobs": {"content": [1], "refusal": None}},
        ),
        end(),
        event({"content": "x"}, choice={"logprobs": {"content": [2], "refusal": None}}),
    )
    assert total.additional_kwargs == {
        "audio": {"id": "audio_1", "transcript": "Hello", "data": "QUJD"},
        "refusal": "No",
        "function_call": {"name": "f", "arguments": '{"a": 1}'},
    }
    assert total.response_metadata["logprobs"] == {"content": [1, 2], "refusal": None}


@pytest.mark.parametrize(
    "failure",
    [
        {"error": {"message": "overloaded", "code": 502}},
        event(error={"code": 400, "message": "Token limit reached"}),
        event(choice={"error": {"code": 502}}),
        event(x_groq={"error": "over_capacity"}),
        {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "no balance"}},
        {"type": "error", "error": {"type": "overloaded"}},
        {"object": "error", "message": "no", "code": 400},
        {"detail": "Unauthorized"},
    ],
)
def test_a_failure_after_the_end_is_still_a_failure(failure: Json) -> None:
    reader = WIRE.reader(PLAIN)
    for good in (event({"content": "Hi"}), end("length")):
        reader.feed(good)
    with pytest.raises(ProviderRefusal):
        reader.feed(failure)


@pytest.mark.parametrize(
    ("nonsense", "field"),
    [
        ([], "event"),
        ({"choices": 5}, "choices"),
        ({"choices": ["x"]}, "choice"),
        (event("text"), "delta"),
        (event({"content": 5}), "content"),
        (event({"tool_calls": [{"index": 0}]}), "function"),
        (event(choice={"finish_reason": {}}), "finish_reason"),
    ],
)
def test_a_nonsense_event_is_malformed_and_names_the_field(nonsense: Any, field: str) -> None:
    with pytest.raises(MalformedResponse, match=field):
        WIRE.reader(PLAIN).feed(nonsense)


def whole(text: str, **more: Any) -> Json:
    return event(choice={"delta": None, "message": {"content": text}, **more})


@pytest.mark.parametrize("pieces", [("Hel", "lo"), ("Hel", "Hello")])
def test_a_second_whole_message_is_no_part_of_the_answer(pieces: tuple[str, str]) -> None:
    with pytest.raises(MalformedResponse, match="second whole message"):
        read(*(whole(text) for text in pieces), end())


def test_a_whole_message_may_be_repeated_and_may_end_pieces() -> None:
    done = {"finish_reason": "stop"}
    for last in (whole("Hello", **done), whole("", **done), end()):
        assert merged(whole("Hello"), last).content == "Hello"
    assert (
        merged(event({"content": "Hel"}), event({"content": "lo"}), whole("Hello")).text == "Hello"
    )
