"""Rules of Anthropic's API for request bodies: tool pairing, signatures, empty text.

The messages are the API's own, with their typing errors.
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
_SYSTEM_ANYWHERE = re.compile(
    r"claude-(opus-4-[89]|(opus|haiku|fable|mythos)-[5-9]|sonnet-(5-[1-9]|[6-9]))"
)
"""Models with system messages among the others, recorded and documented:
https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages"""

_TOOL_TYPE = re.compile(r"custom|mcp_toolset|\w+_\d{8}")
_TAGS = "'bash_20250124', 'code_execution_20250825', 'custom', 'text_editor_20250728', "
_TAGS += "'web_fetch_20250910', 'web_search_20250305'"
_MIN_BUDGET = 1024
_MAX_MARKERS = 4
# The signature that LangChain's standard suite sends was made by Anthropic itself.
_GENUINE = frozenset({"cc61232eccd51734"})


def check(body: Json) -> Violation | None:
    """Return the first reason to refuse a request, None if there is none."""
    checks = (_shape, _text, _ids, _pairs, _signatures, _thinking, _tool_types, _limits)
    violations = (Violation(text) for rule in checks for text in rule(body))
    return next(violations, None)


def _shape(body: Json) -> Iterator[str]:
    for name in ("model", "max_tokens", "messages"):
        if body.get(name) is None:
            yield f"{name}: Field required"
    if body["messages"] == []:
        yield "messages: at least one message is required"
    takes_system = _SYSTEM_ANYWHERE.match(str(body["model"]))
    for message in objects(body["messages"]):
        role = message.get("role")
        if role not in {"user", "assistant"} and not (role == "system" and takes_system):
            yield (
                f'messages: Unexpected role "{role}". The Messages API accepts a top-level '
                f'`system` parameter, not "system" as an input message role.'
            )


def _text(body: Json) -> Iterator[str]:
    """No content is empty, except that of a final assistant message."""
    messages = objects(body["messages"])
    for block in objects(body.get("system")):
        if block.get("text") == "":
            yield "system: text content blocks must be non-empty"
    for at, message in enumerate(messages):
        last = at == len(messages) - 1 and message["role"] == "assistant"
        if message.get("content") in ("", []) and not last:
            text = "all messages must have non-empty content except for the optional final"
            yield f"messages.{at}: {text} assistant message"
        calls = any(block.get("type") == "tool_use" for block in objects(message.get("content")))
        for block in _flat(message):
            if block.get("type") == "text" and not block.get("text"):
                yield "messages: text content blocks must be non-empty"
            elif block.get("type") == "text" and not (calls or block["text"].strip()):
                yield "messages: text content blocks must contain non-whitespace text"
        text = (blocks_of(message.get("content")) or [{}])[-1].get("text", "")
        if last and text != text.rstrip():
            yield "messages: final assistant content cannot end with trailing whitespace"


def _flat(message: Json) -> Iterator[Json]:
    """Yield the blocks of a message and of the tool results in it."""
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
    """Check that calls are answered in the next message, and results answer the message before."""
    for at, turn in enumerate(_merged(body)):
        for block_at, call_id in turn["results"]:
            if call_id not in turn["called"]:
                yield (
                    f"messages.{at}.content.{block_at}: unexpected `tool_use_id` found in "
                    f"`tool_result` blocks: {call_id}. Each `tool_result` block must have a "
                    f"corresponding `tool_use` block in the previous message."
                )
        answered = {call_id for _, call_id in turn["results"]}
        missing = [call_id for call_id in turn["called"] if call_id not in answered]
        if missing:
            yield (
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a "
                f"corresponding `tool_result` block in the next message."
            )


def _merged(body: Json) -> Iterator[Json]:
    """Merge messages of one role, as the API does; yield results, and the calls before them."""
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
    """Every thinking block has the signature of its text."""
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
    forced = mapping(body.get("tool_choice")).get("type") in {"any", "tool"}
    if forced and thinking["type"] == "enabled":
        yield "Thinking may not be enabled when tool_choice forces tool use."
    if body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if thinking["type"] == "adaptive":
        return
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int):
        yield "thinking.enabled.budget_tokens: Field required"
    elif budget < _MIN_BUDGET:
        yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
    elif body["max_tokens"] <= budget:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    yield from _thinking_first(body)


def _thinking_first(body: Json) -> Iterator[str]:
    """With thinking enabled, a turn that calls tools starts with a thinking block."""
    messages = objects(body["messages"])
    prompts = [
        at
        for at, message in enumerate(messages)
        if message["role"] == "user" and _is_prompt(message)
    ]
    for at in range(prompts[-1] if prompts else 0, len(messages)):
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


def _is_prompt(message: Json) -> bool:
    return any(block.get("type") != "tool_result" for block in blocks_of(message.get("content")))


def _tool_types(body: Json) -> Iterator[str]:
    for at, tool in enumerate(objects(body.get("tools"))):
        kind = tool.get("type")
        if kind is not None and not _TOOL_TYPE.fullmatch(str(kind)):
            yield (
                f"tools.{at}: Input tag '{kind}' found using 'type' does not match any of the "
                f"expected tags: {_TAGS}"
            )
        if kind in {None, "custom"}:
            yield from (
                f"tools.{at}.custom.{name}: Field required"
                for name in ("name", "input_schema")
                if name not in tool
            )


def _limits(body: Json) -> Iterator[str]:
    for at, tool in enumerate(objects(body.get("tools"))):
        schema = tool.get("input_schema")
        if schema is not None and mapping(schema).get("type") != "object":
            fault = "Input should be 'object'" if mapping(schema).get("type") else "Field required"
            yield f"tools.{at}.custom.input_schema.type: {fault}"
    holders = [*objects(body.get("tools")), *objects(body.get("system"))]
    holders += [block for message in objects(body["messages"]) for block in _flat(message)]
    values = (holder.get("cache_control") for holder in (*holders, body))
    marks = [value for value in values if isinstance(value, dict)]
    if len(marks) > _MAX_MARKERS:
        text = "A maximum of 4 blocks with cache_control may be provided."
        yield f"{text} Found {len(marks)}."
    hours = [mark.get("ttl") == "1h" for mark in marks]
    if hours != sorted(hours, reverse=True):
        yield (
            "A ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
            "Note that blocks are processed in the following order: `tools`, `system`, `messages`."
        )
