"""What the APIs answer with a 400 although their schema allows it: pairing, order, empty texts.

Each rule names its source and yields a sentence for every place that breaks it. The emulator has
rules of its own; these were written apart from them, so that neither hides the other's gaps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from tests.system.conversations import gemini_rules

Json = dict[str, Any]
Rule = Callable[[Json], Iterator[str]]

THOUGHTS = {"thinking", "redacted_thinking"}
ANTHROPIC_ID = re.compile(r"[a-zA-Z0-9_-]+")
FUNCTION = re.compile(r"[a-zA-Z0-9_-]{1,64}")
NINE = re.compile(r"[a-zA-Z0-9]{9}")
LONGEST_ID = 40
MOST_MARKS = 4


def blocks(message: Json) -> list[Json]:
    """Return a message's content as a list, however it is written."""
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def anthropic_speakers(body: Json) -> Iterator[str]:
    """https://platform.claude.com/docs/en/api/messages/create: the first message is the user's."""
    messages = body["messages"]
    if messages[0]["role"] != "user":
        yield "the first message is not the user's"
    if messages[-1]["role"] == "assistant":
        end = blocks(messages[-1])[-1].get("text", "")
        if end != end.rstrip():
            yield "final assistant content ends in white space"


def anthropic_texts(body: Json) -> Iterator[str]:
    """Text content blocks must be non-empty, and hold more than white space."""
    for at, message in enumerate(body["messages"]):
        if not blocks(message):
            yield f"message {at} is empty"
        inner = [one for b in blocks(message) if b["type"] == "tool_result" for one in blocks(b)]
        for block in (*blocks(message), *inner):
            if block["type"] == "text" and not block["text"].strip():
                yield f"message {at} has a blank text"


def anthropic_pairs(body: Json) -> Iterator[str]:
    """https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls.

    All results stand in the message right after the calls, before anything else in it.
    """
    seen: set[str] = set()
    called: list[str] = []
    for at, message in enumerate(body["messages"]):
        content = blocks(message)
        results = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
        if sorted(results) != sorted(called):
            yield f"message {at} answers {results}, called were {called}"
        if any(block["type"] != "tool_result" for block in content[: len(results)]):
            yield f"message {at} has something before its results"
        called = [block["id"] for block in content if block["type"] == "tool_use"]
        for call in called:
            if not ANTHROPIC_ID.fullmatch(call) or call in seen:
                yield f"message {at} has the id {call!r} twice, or it is malformed"
            seen.add(call)
    if called:
        yield f"nobody answers {called}"


def anthropic_thoughts(body: Json) -> Iterator[str]:
    """https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks.

    Thoughts are signed; with a budget, the answer whose calls are going on begins with them.
    """
    budget = (body.get("thinking") or {}).get("type") == "enabled"
    answers = [one for one in body["messages"] if one["role"] == "assistant"]
    for message in answers:
        content = blocks(message)
        if any(block["type"] == "thinking" and not block["signature"] for block in content):
            yield "an unsigned thought"
        if any(block["type"] in THOUGHTS for block in content) and content[-1]["type"] in THOUGHTS:
            yield "a message that ends in a thought"
    last = blocks(answers[-1]) if answers else []
    calls = any(block["type"] == "tool_use" for block in last)
    if budget and calls and last[0]["type"] not in THOUGHTS:
        yield "a budget for thoughts, and calls without a thought before them"


def anthropic_marks(body: Json) -> Iterator[str]:
    """https://platform.claude.com/docs/en/build-with-claude/prompt-caching: four breakpoints."""
    if (marks := json.dumps(body).count('"cache_control"')) > MOST_MARKS:
        yield f"{marks} cache markers"


def openai_pairs(body: Json) -> Iterator[str]:
    """https://platform.openai.com/docs/guides/function-calling.

    An assistant message with `tool_calls` must be followed by a tool message for each id.
    """
    waiting: list[str] = []
    for at, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                yield f"message {at} answers {message['tool_call_id']!r}, waiting are {waiting}"
            else:
                waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            yield f"message {at} speaks before {waiting} are answered"
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
    if waiting:
        yield f"nobody answers {waiting}"


def openai_calls(body: Json) -> Iterator[str]:
    """Calls have ids, and names of letters, digits, `_` and `-`."""
    for at, message in enumerate(body["messages"]):
        if message.get("tool_calls") == []:
            yield f"message {at} has an empty list of calls"
        for call in message.get("tool_calls") or ():
            if not call["id"]:
                yield f"message {at} has a call without an id"
            if not FUNCTION.fullmatch(call["function"]["name"]):
                yield f"message {at} calls {call['function']['name']!r}"


def openai_ids(body: Json) -> Iterator[str]:
    """Recorded: "string too long. Expected a string with maximum length 40"."""
    for at, message in enumerate(body["messages"]):
        for call in message.get("tool_calls") or ():
            if len(call["id"]) > LONGEST_ID:
                yield f"message {at} has an id of {len(call['id'])} characters"


def openai_content(body: Json) -> Iterator[str]:
    """Messages have contents, and contents parts that are not empty."""
    for at, message in enumerate(body["messages"]):
        content = message.get("content")
        if content == [] or (content is None and not message.get("tool_calls")):
            yield f"message {at} has no content"
        if any(
            block["type"] == "text" and block["text"] == ""
            for block in content or ()
            if isinstance(block, dict)
        ):
            yield f"message {at} has an empty part"


def text_only(*roles: str) -> Rule:
    """Make the rule that messages of these roles hold text and nothing else."""

    def rule(body: Json) -> Iterator[str]:
        for at, message in enumerate(body["messages"]):
            kinds = {block["type"] for block in blocks(message)} - {"text", "refusal", "thinking"}
            if message["role"] in roles and kinds:
                yield f"message {at} ({message['role']}) holds {kinds}"

    return rule


def silence(body: Json) -> Iterator[str]:
    """Mistral's error 3240, and DeepSeek's: "content or tool_calls must be set".

    OpenAI and others answered such histories.
    """
    for at, message in enumerate(body["messages"]):
        content = message.get("content") or message.get("tool_calls")
        if message["role"] == "assistant" and not content:
            yield f"message {at} neither says nor does anything"


def mistral_ids(body: Json) -> Iterator[str]:
    """Error 3280: a tool call id must be a-z, A-Z, 0-9, with a length of 9."""
    for message in body["messages"]:
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        ids += [message["tool_call_id"]] if message["role"] == "tool" else []
        yield from (f"the id {call_id!r}" for call_id in ids if not NINE.fullmatch(call_id))


def mistral_order(body: Json) -> Iterator[str]:
    """Error 3230: `Unexpected role 'user' after role 'tool'`, and the expected last role.

    https://github.com/mistralai/mistral-common/blob/main/src/mistral_common/protocol/instruct/validator.py
    """
    for before, after in pairwise(body["messages"]):
        if before["role"] == "tool" and after["role"] not in {"tool", "assistant"}:
            yield f"{after['role']} after tool"
    last = body["messages"][-1]
    if last["role"] not in {"user", "tool"} and not last.get("prefix"):
        yield f"ends with {last['role']}"


def deepseek_thoughts(body: Json) -> Iterator[str]:
    """https://api-docs.deepseek.com/guides/thinking_mode#tool-calls.

    Thinking is on unless it was switched off, and then each answer with calls needs its
    `reasoning_content` for ever; on other answers the field is ignored.
    """
    if (body.get("thinking") or {}).get("type") == "disabled":
        return
    for at, message in enumerate(body["messages"]):
        if message.get("tool_calls") and not message.get("reasoning_content"):
            yield f"message {at} calls without reasoning_content"


OPENAI_LIKE: tuple[Rule, ...] = (openai_pairs, openai_calls, openai_content)
# https://platform.openai.com/docs/api-reference/chat/create: tool content is text parts.
USERS_MEDIA = text_only("system", "assistant", "tool")
RULES: Mapping[str, tuple[Rule, ...]] = {
    "anthropic": (
        anthropic_speakers,
        anthropic_texts,
        anthropic_pairs,
        anthropic_thoughts,
        anthropic_marks,
    ),
    "google": gemini_rules.RULES,
    "openai": (*OPENAI_LIKE, USERS_MEDIA, openai_ids),
    "groq": (*OPENAI_LIKE, USERS_MEDIA),
    "openrouter": OPENAI_LIKE,
    "xai": (*OPENAI_LIKE, USERS_MEDIA),
    "minimax": (*OPENAI_LIKE, USERS_MEDIA),
    "mistral": (*OPENAI_LIKE, USERS_MEDIA, silence, mistral_ids, mistral_order),
    # Recorded: "messages[0]: unknown variant `image_url`, expected `text`".
    "deepseek": (
        *OPENAI_LIKE,
        text_only("user", "system", "assistant", "tool"),
        silence,
        deepseek_thoughts,
    ),
}


def refused(target: str, body: Json) -> list[str]:
    """Return every reason for which the target's API would answer 400."""
    return [reason for rule in RULES[target] for reason in rule(body)]
