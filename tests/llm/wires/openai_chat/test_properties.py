"""What holds for every answer of Chat Completions, however cut, and whatever is wrong in it."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.support.verbs import merge_chunks

PLAIN = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs",
    wire=WIRE,
    base_url="https://api.openai.com",
)


MESSAGE = {
    "role": "assistant",
    "content": "The answer is 4, I think.",
    "reasoning_content": "Two and two make four.",
    "refusal": "But I would rather not say.",
    "reasoning_details": [{"type": "reasoning.text", "text": "Two and two make four.", "index": 0}],
    "annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.example"}}],
    "audio": {"id": "audio_1", "transcript": "four", "data": "QUJD"},
    "tool_calls": [
        {
            "id": "call_a",
            "index": 0,
            "function": {"name": "f", "arguments": '{"a": 1, "text": "ä\\n"}'},
        },
        {"id": "call_b", "index": 1, "function": {"name": "g", "arguments": "{}"}},
    ],
}
LOG = {"content": [{"token": "The"}], "refusal": None}
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "total_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
RICH: Json = {
    "id": "chatcmpl-9xYz012345",
    "model": "gpt-5-2026",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop", "logprobs": LOG}],
    "usage": USAGE | {"cost": 0.5},
    "system_fingerprint": "fp",
    "service_tier": "default",
    "provider": "Azure",
}


def parse(body: Any) -> AIMessage:
    return WIRE.parse_response(body, PLAIN)


def merged(events: list[Any]) -> AIMessageChunk:
    reader = WIRE.reader(PLAIN)
    chunks = [chunk for e in events if (chunk := reader.feed(e)) is not None]
    return merge_chunks([*chunks, reader.close()])


def same(chunk: AIMessage, whole: AIMessage) -> None:
    for name in (
        "content", "additional_kwargs", "response_metadata", "tool_calls", "usage_metadata", "id",
    ):  # fmt: skip
        assert getattr(chunk, name) == getattr(whole, name), name


cuts = st.lists(st.integers(0, 60), max_size=6).map(sorted)


def cut(words: str, places: list[int]) -> list[str]:
    edges = [0, *(min(place, len(words)) for place in places), len(words)]
    return [words[begin:end] for begin, end in pairwise(edges)]


def streamed(body: Json, places: list[int]) -> list[Json]:
    """Send a whole answer the way OpenAI and OpenRouter stream it."""
    head = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    message, choice = body["choices"][0]["message"], body["choices"][0]
    deltas: list[Json] = [{"role": "assistant", "content": None}]
    kind = {"type": "reasoning.text", "index": 0}
    for words in cut(message["reasoning_content"], places):
        detail = [kind | {"text": words}]
        deltas.append({"reasoning_content": words, "reasoning_details": detail})
    deltas += [{"content": words} for words in cut(message["content"], places)]
    deltas += [{"refusal": words} for words in cut(message["refusal"], places)]
    deltas += [{"annotations": message["annotations"]}, {"audio": message["audio"]}]
    for index, tool_call in enumerate(message["tool_calls"]):
        function = tool_call["function"]
        first = {"index": index, "id": tool_call["id"], "function": {"name": function["name"]}}
        deltas.append({"tool_calls": [first]})
        for words in cut(function["arguments"], places):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": words}}]})
    events = [head | {"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    last = {"index": 0, "delta": {}} | {n: choice[n] for n in ("logprobs", "finish_reason")}
    return [*events, head | {"choices": [last]}, head | {"choices": [], "usage": body["usage"]}]


@given(cuts)
def test_a_stream_however_cut_makes_the_message_of_the_whole_answer(places: list[int]) -> None:
    same(merged(streamed(RICH, places)), parse(RICH))


names = st.text(max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """List every (holder, key) below a JSON value."""
    keys = value.items() if isinstance(value, dict) else enumerate(value)
    below = [(value, key, child) for key, child in keys]
    nested = [place for _, _, c in below if isinstance(c, dict | list) for place in places_in(c)]
    return [(holder, key) for holder, key, _ in below] + nested


@st.composite
def spoilt(draw: Any, value: Any) -> Any:
    """Replace or remove a few parts of a valid JSON value."""
    broken = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = places_in(broken)
        if not places:
            break
        holder, key = draw(st.sampled_from(range(len(places))).map(places.__getitem__))
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = draw(json_values)
    return broken


hypotheses = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


# The engine handles these two errors only.
NAMED = (ProviderRefusal, MalformedResponse)


@hypotheses
@given(spoilt(RICH) | json_values)
def test_any_answer_is_a_message_or_a_named_error(body: Any) -> None:
    with suppress(*NAMED):
        assert isinstance(parse(body), AIMessage)


@hypotheses
@given(spoilt(streamed(RICH, [5, 9])) | st.lists(json_values, max_size=3))
def test_any_stream_is_a_message_or_a_named_error(events: Any) -> None:
    with suppress(*NAMED):
        total = merged(events if isinstance(events, list) else [events])
        assert json.loads(json.dumps(total.model_dump()))["chunk_position"] == "last"
