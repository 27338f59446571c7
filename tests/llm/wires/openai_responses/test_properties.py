"""What holds for every response, however its stream is cut, and whatever is wrong in it."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import RICH, SPEC, merged, streamed, unindexed

cuts = st.lists(st.integers(0, 30), max_size=6)


@given(cuts)
def test_a_stream_however_cut_makes_one_message(places: list[int]) -> None:
    whole, total = merged(streamed(RICH)), merged(streamed(RICH, places))
    assert unindexed(total.content) == unindexed(whole.content)
    for aspect in ("tool_calls", "invalid_tool_calls", "response_metadata", "usage_metadata", "id"):
        assert getattr(total, aspect) == getattr(whole, aspect), aspect


names = st.sampled_from(["type", "id", "index", "text", "a"]) | st.text(max_size=5)
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
        assert isinstance(WIRE.parse_response(body, SPEC), AIMessage)


@hypotheses
@given(spoilt(streamed(RICH, [5, 9])) | st.lists(json_values, max_size=3))
def test_any_stream_is_a_message_or_a_named_error(events: Any) -> None:
    with suppress(*NAMED):
        total = merged(events if isinstance(events, list) else [events])
        assert json.loads(json.dumps(total.model_dump()))["chunk_position"] == "last"


@hypotheses
@given(st.permutations(streamed(RICH)))
def test_events_in_any_order_are_a_message_or_a_named_error(events: Any) -> None:
    with suppress(*NAMED):
        merged(events)
