"""One recorded answer makes the same message in every verb and transfer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from tests.support import recordings
from tests.system.peers.answers import our_model, whole
from tests.system.peers.comparison import Difference, differences
from tests.system.peers.deviations import has
from tests.system.peers.records import PROVIDERS, Record, recorded
from tests.system.peers.streams import restreamed

EACH = 3
"""Answers for each feature that was recorded of a provider."""

TEXT = frozenset({"text", "texts"})
CALLS = frozenset({"blocks", "blocks.tool_call", "call_ids", "invalid_tool_calls", "tool_calls"})

pytestmark = recordings.needed


def answers(provider: str, *, streamed: bool) -> Iterator[Record]:
    """Choose good answers in which every feature occurs a few times."""
    seen: dict[str, int] = {}
    for record in recorded(provider):
        if record.streamed == streamed and not record.refused:
            rare = [name for name in record.features if seen.get(name, 0) < EACH]
            if rare:
                seen |= {name: seen.get(name, 0) + 1 for name in record.features}
                yield record


def unlike(record: Record, one: AIMessage, other: AIMessage) -> list[Difference]:
    """Compare both ways round, because each may have more than the other."""
    return [*differences(record, one, other), *differences(record, other, one)]


def ends(record: Record) -> bool:
    """Return whether the answer marks its end; a stream of Gemini's has no other mark."""
    return record.provider != "google" or has("finishReason")(record)


def comes_otherwise(difference: Difference, whole_answer: AIMessage) -> bool:
    """Return whether streams of the official packages have the same difference."""
    if difference.record.provider == "google" and difference.field in TEXT:
        # The last line break before the end cannot be recognised in a stream.
        texts = ("".join(each).rstrip("\n") for each in (difference.ours, difference.official))
        return next(texts) == next(texts)
    # LangChain reads the broken arguments of a streamed call as far as they go.
    return bool(whole_answer.invalid_tool_calls) and difference.field in CALLS


async def streamed_async(record: Record) -> AIMessage:
    chunks: list[Any] = [c async for c in our_model(record).astream("hi", **record.options)]
    return whole(chunks)


def streamed_sync(record: Record) -> AIMessage:
    return whole(list(our_model(record).stream("hi", **record.options)))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_stream_is_the_same_awaited(provider: str) -> None:
    wrong: list[Difference] = []
    for record in answers(provider, streamed=True):
        wrong += unlike(record, streamed_sync(record), asyncio.run(streamed_async(record)))
    assert [str(each) for each in wrong] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_whole_answer_is_the_same_awaited(provider: str) -> None:
    wrong: list[Difference] = []
    for record in answers(provider, streamed=False):
        model = our_model(record)
        wrong += unlike(record, model.invoke("hi"), asyncio.run(our_model(record).ainvoke("hi")))
    assert [str(each) for each in wrong] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_whole_answer_is_the_same_streamed(provider: str) -> None:
    wrong: list[Difference] = []
    for record in filter(ends, answers(provider, streamed=False)):
        one = our_model(record).invoke("hi")
        differences = unlike(record, one, streamed_sync(restreamed(record)))
        wrong += [each for each in differences if not comes_otherwise(each, one)]
    assert [str(each) for each in wrong] == []
