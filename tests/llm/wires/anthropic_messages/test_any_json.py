"""Any JSON is a message, chunks, or an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scout_adapters.errors import ScoutError
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.llm.wires.anthropic_messages.answers import (
    CALL,
    CITED,
    COMPACTION,
    SEARCH,
    SEARCH_RESULT,
    SPEC,
    THINKING,
    USAGE,
    body,
    events,
    merged,
)

# Any JSON at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = value.copy()
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


@st.composite
def mutated(draw: st.DrawFn, valid: Any) -> Any:
    for _ in range(draw(st.integers(1, 2))):
        valid = replaced(valid, draw(st.sampled_from(list(places(valid)))), draw(JSON))
    return valid


FULL = [THINKING, SEARCH, SEARCH_RESULT, CITED, COMPACTION, CALL]

FULL_BODY = body(*FULL, container={"id": "c"}, usage=USAGE | {"cache_creation": {"a": 1}})


@settings(deadline=None)
@given(mutated(FULL_BODY))
def test_any_json_is_a_message_or_an_error_of_ours(wild: Any) -> None:
    try:
        message = WIRE.parse_response(wild, SPEC)
    except ScoutError:
        return
    assert isinstance(message.content_blocks, list)


@settings(deadline=None)
@given(mutated(list(events(*FULL))).filter(lambda wild: isinstance(wild, list)))
def test_any_events_are_chunks_or_an_error_of_ours(wild: list[Any]) -> None:
    try:
        message = merged(*wild)
    except ScoutError:
        return
    assert message.chunk_position == "last"
    assert isinstance(message.content_blocks, list)
