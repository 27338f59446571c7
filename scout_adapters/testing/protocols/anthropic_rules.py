"""What Anthropic's API refuses, and routers get wrong: pairing, signatures, empty text.

The messages are the API's own, typing errors included.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.ids import sign
from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.prompt_cache import blocks_of
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_LEAST_BUDGET = 1024
_MOST_MARKS = 4
# The signature that LangChain's standard suite sends was made by Anthropic itself.
_GENUINE = frozenset({"cc61232eccd51734"})


def check(body: Json) -> Violation | None:
    """Return the first reason to refuse a request, None if there is none."""
    checks = (_shape, _text, _ids, _pairs, _signatures, _thinking, _limits)
    found = (Violation(text) for rule in checks for text in rule(body))
    return next(found, None)


def _shape(body: Json) -> Iterator[str]:
    for name in ("model", "max_tokens", "messages"):
        if body.get(name) is None:
            yield f"{name}: Field required"
    if body["messages"] == []:
        yield "messages: at least one message is required"
    for message in objects(body["messages"]):
        role = message.get("role")
        if role not in {"user", "assistant"}:
            yield (
                f'messages: Unexpected role "{role}". The Messages API accepts a top-level '
                f'`system` parameter, not "system" as an input message role.'
            )


def _text(body: Json) -> Iterator[str]:
    """Nothing is empty but, perhaps, the last message of the assistant."""
    messages = objects(body["messages"])
    for block in objects(body.get("system")):
        if block.get("text") == "":
            yield "system: text content blocks must be non-empty"
    for at, message in enumerate(messages):
        last = at == len(messages) - 1 and message["role"] == "assistant"
        if message.get("content") in ("", []) and not last:
            text = "all messages must have non-empty content except for the optional final"
            yield f"messages.{at}: {text} assistant message"
        for block in _flat(message):
            if block.get("type") == "text" and not block.get("text"):
                yield "messages: text content blocks must be non-empty"
            elif block.get("type") == "text" and not block["text"].strip():
                yield "messages: text content blocks must contain non-whitespace text"
        text = (blocks_of(message.get("content")) or [{}])[-1].get("text", "")
        if last and text != text.rstrip():
            yield "messages: final assistant content cannot end with trailing whitespace"


def _flat(message: Json) -> Iterator[Json]:
    """Yield a message's blocks and those of the tool results in it."""
    for block in objects(message.get("content")):
        yield block
        if block.get("type") == "tool_result":
            yield from objects(block.get("content"))


def _blocks(body: Json, kind: str) -> Iterator[tuple[int, int, Json]]:
    for at, message in enumerate(objects(body["messages"])):
        for block_at, block in enumerate(objects(message.get("content"))):
            if block.get("type") == kind:
                yield at, block_at, block


def _ids(body: Json) -> Iterator[str]:
    seen = set()
    pattern = "String should match pattern '^[a-zA-Z0-9_-]+$'"
    for at, block_at, block in _blocks(body, "tool_use"):
        if not _ID.fullmatch(str(block.get("id", ""))):
            yield f"messages.{at}.content.{block_at}.tool_use.id: {pattern}"
        if block["id"] in seen:
            yield f"messages.{at}.content.{block_at}: `tool_use` ids must be unique"
        seen.add(block["id"])
        if not isinstance(block.get("input"), dict):
            where = f"messages.{at}.content.{block_at}.tool_use.input"
            yield f"{where}: Input should be a valid dictionary"
    for at, block_at, block in _blocks(body, "tool_result"):
        if not _ID.fullmatch(str(block.get("tool_use_id", ""))):
            yield f"messages.{at}.content.{block_at}.tool_result.tool_use_id: {pattern}"


def _pairs(body: Json) -> Iterator[str]:
    """See that calls are answered in the next message, and results answer the one before."""
    for at, turn in enumerate(_merged(body)):
        for block_at, made in turn["results"]:
            if made not in turn["called"]:
                yield (
                    f"messages.{at}.content.{block_at}: unexpected `tool_use_id` found in "
                    f"`tool_result` blocks: {made}. Each `tool_result` block must have a "
                    f"corresponding `tool_use` block in the previous message."
                )
        missing = [
            made for made in turn["called"] if made not in dict(map(reversed, turn["results"]))
        ]
        if missing:
            yield (
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a "
                f"corresponding `tool_result` block in the next message."
            )


def _merged(body: Json) -> Iterator[Json]:
    """Join neighbours of one role, as the API does, and tell each what was called before it."""
    called: list[str] = []
    turns: list[list[Json]] = []
    roles: list[str] = []
    for message in objects(body["messages"]):
        blocks = objects(message.get("content"))
        if roles and roles[-1] == message["role"]:
            turns[-1].extend(blocks)
        else:
            turns.append(list(blocks))
            roles.append(message["role"])
    for blocks in [*turns, []] if roles and roles[-1] == "assistant" else turns:
        results = [
            (at, str(block.get("tool_use_id")))
            for at, block in enumerate(blocks)
            if block.get("type") == "tool_result"
        ]
        yield {"called": called, "results": results}
        called = [str(block["id"]) for block in blocks if block.get("type") == "tool_use"]


def _signatures(body: Json) -> Iterator[str]:
    """See that every thought is signed over its text by the one who had it."""
    for at, block_at, block in _blocks(body, "thinking"):
        where = f"messages.{at}.content.{block_at}"
        signature = block.get("signature")
        if signature is None:
            yield f"{where}.thinking.signature: Field required"
        elif signature != sign(str(block.get("thinking"))) and _short(signature) not in _GENUINE:
            yield f"{where}: Invalid `signature` in `thinking` block"


def _short(signature: Any) -> str:
    return hashlib.sha256(str(signature).encode()).hexdigest()[:16]


def _thinking(body: Json) -> Iterator[str]:
    thinking = mapping(body.get("thinking"))
    if thinking.get("type") not in {"enabled", "adaptive"}:
        return
    if mapping(body.get("tool_choice")).get("type") in {"any", "tool"}:
        yield "Thinking may not be enabled when tool_choice forces tool use."
    if body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if thinking["type"] == "adaptive":
        return
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int):
        yield "thinking.enabled.budget_tokens: Field required"
    elif budget < _LEAST_BUDGET:
        yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
    elif body["max_tokens"] <= budget:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    yield from _thought_first(body)


def _thought_first(body: Json) -> Iterator[str]:
    """With thinking on, a turn that called tools starts with the thought that led to the call."""
    messages = objects(body["messages"])
    asked = [at for at, one in enumerate(messages) if one["role"] == "user" and _speaks(one)]
    for at in range(asked[-1] if asked else 0, len(messages)):
        blocks = objects(messages[at].get("content"))
        first = blocks[0].get("type") if blocks else "text"
        calls = any(block.get("type") == "tool_use" for block in blocks)
        if calls and first not in {"thinking", "redacted_thinking"}:
            yield (
                f"messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but "
                f"found `{first}`. When `thinking` is enabled, a final `assistant` message must "
                f"start with a thinking block (preceeding the lastmost set of `tool_use` and "
                f"`tool_result` blocks). To avoid this requirement, disable `thinking`."
            )


def _speaks(message: Json) -> bool:
    return any(block.get("type") != "tool_result" for block in blocks_of(message.get("content")))


def _limits(body: Json) -> Iterator[str]:
    for at, tool in enumerate(objects(body.get("tools"))):
        schema = tool.get("input_schema")
        if schema is not None and mapping(schema).get("type") != "object":
            fault = "Input should be 'object'" if mapping(schema).get("type") else "Field required"
            yield f"tools.{at}.custom.input_schema.type: {fault}"
    holders = [*objects(body.get("tools")), *objects(body.get("system"))]
    holders += [block for message in objects(body["messages"]) for block in _flat(message)]
    marks = sum(isinstance(holder.get("cache_control"), dict) for holder in holders)
    if marks > _MOST_MARKS:
        text = "A maximum of 4 blocks with cache_control may be provided."
        yield f"{text} Found {marks}."
