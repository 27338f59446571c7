"""The four ways to call a model, and what a stream adds up to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.messages import BaseMessageChunk

Verb = Literal["invoke", "ainvoke", "stream", "astream"]
VERBS: tuple[Verb, ...] = ("invoke", "ainvoke", "stream", "astream")
WHOLE: tuple[Verb, ...] = ("invoke", "ainvoke")
STREAMS: tuple[Verb, ...] = ("stream", "astream")
SYNC: tuple[Verb, ...] = ("invoke", "stream")
ASYNC: tuple[Verb, ...] = ("ainvoke", "astream")


async def call_model(
    runnable: Any, verb: str, messages: Any = "Hello", config: Any = None, **options: Any
) -> Any:
    """Call a model or another runnable by one of the four verbs; merge what a stream yields."""
    if verb == "ainvoke":
        return await runnable.ainvoke(messages, config, **options)
    if verb == "astream":
        return merge_chunks(
            [chunk async for chunk in runnable.astream(messages, config, **options)]
        )
    return _call(runnable, verb, messages, config, **options)


def run_model(
    runnable: Any, verb: str, messages: Any = "Hello", config: Any = None, **options: Any
) -> Any:
    """Do the same from outside an event loop; each asynchronous call has a loop of its own."""
    if verb in ASYNC:
        return asyncio.run(call_model(runnable, verb, messages, config, **options))
    return _call(runnable, verb, messages, config, **options)


def _call(runnable: Any, verb: str, messages: Any, config: Any, **options: Any) -> Any:
    if verb == "invoke":
        return runnable.invoke(messages, config, **options)
    if verb == "stream":
        return merge_chunks(list(runnable.stream(messages, config, **options)))
    raise ValueError(verb)


def merge_chunks(chunks: Sequence[Any]) -> Any:
    """Merge what a stream yielded: chunks of messages add up, of other objects the last counts.

    Structured outputs with `include_raw=True` are dicts whose entries are merged one by one.
    """
    first, *rest = chunks
    if any(isinstance(chunk, dict) and "raw" in chunk for chunk in chunks):
        keys = dict.fromkeys(key for chunk in chunks for key in chunk)
        return {key: merge_chunks([chunk[key] for chunk in chunks if key in chunk]) for key in keys}
    if isinstance(first, BaseMessageChunk):
        return first.__add__(rest) if rest else first
    return chunks[-1]
