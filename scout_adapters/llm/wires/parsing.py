"""Functions that all wires share: required fields, tool calls, token counts, a card's renamings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.types import ProviderSpec

T = TypeVar("T")


MAX_FRAGMENT = 16 * 1024
"""Characters: the longest fragment of a call's arguments that is not valid JSON by itself."""


FAILED_ENDS = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
"""Gemini's finish reasons of an empty answer that counts as a failure: the model wrote an invalid
tool call, or did not answer. https://ai.google.dev/api/generate-content#FinishReason"""

ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:=-]{0,511}")
"""Matches an id that is safe in the path of a URL."""

MAX_CALLS = 10_000
"""Blocks of content, or tool calls, in a whole answer."""

MAX_BLOCKS = 1024
"""Blocks of content and tool calls with an index in a streamed answer.

LangChain merges them in a time that grows with the square of their number: 6,000 block an event
loop for two seconds, 1,024 for 0.06.
"""


def check_blocks(number: int, limit: int = MAX_BLOCKS) -> None:
    """Raise `MalformedResponse` for an answer with too many blocks or tool calls."""
    if number > limit:
        raise malformed(f"the answer has more than {limit} blocks or tool calls")


ERROR_TEXTS = (
    *("detail", "message", "msg", "code", "errors"),
    *("status_msg", "error_msg", "error_message"),
)
"""Fields of errors that have no field `error`."""


def is_bare_error(body: Json) -> bool:
    """Return whether a body without the fields of an answer is an error, as gateways send it."""
    stated = body.get("object") == "error" or body.get("type") == "error"
    return stated or any(body.get(name) for name in ERROR_TEXTS)


def require(holder: Any, name: str, kind: type[T]) -> T:
    """Return a documented field; raise `MalformedResponse` if it is missing or of another type."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, kind):
        actual = "nothing" if value is None else type(value).__name__
        raise malformed(f"expected {name!r} to be a {kind.__name__}, found {actual}")
    return value


def require_id(holder: Any, name: str) -> str:
    """Return an id that will be a step of a URL's path; raise `MalformedResponse` for others."""
    value = require(holder, name, str)
    if not ID.fullmatch(value):
        raise malformed(f"{name!r} cannot be part of a URL")
    return value


def dump_json(value: Any) -> str:
    """Write a value of an answer as JSON; raise `MalformedResponse` if it is nested too deep."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        kind = type(value).__name__
    raise malformed(f"a {kind} in the answer is nested too deep")


def piece_of_arguments(text: str) -> str:
    """Return a streamed fragment of a call's arguments.

    Raise `MalformedResponse` for a long one that is not valid JSON: LangChain repairs it in a time
    that grows with the square of its length, and 70,000 quotes block an event loop for seconds.
    Servers send fragments of a few characters, or the whole.
    """
    if len(text) > MAX_FRAGMENT and not _is_json(text):
        raise malformed(f"{len(text)} characters of a tool call's arguments are not valid JSON")
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def end_of_arguments(text: str) -> str:
    """Return the fragment that makes LangChain report broken arguments; empty for valid JSON.

    LangChain closes open strings and brackets when it merges a stream, so a call that was cut off
    would look complete: `{"path": "/data` would become a path. A bracket that closes nothing
    prevents it, and the call is an `InvalidToolCall`, as in a whole answer.
    """
    if not text.lstrip().startswith("{") or _is_json(text):
        return ""
    inside = escaped = False
    brackets: list[str] = []
    for char in text:
        if inside:
            inside = escaped or char != '"'
            escaped = not escaped and char == "\\"
        elif char == '"':
            inside = True
        elif char in "{[":
            brackets.append("}" if char == "{" else "]")
        elif char in "}]" and (not brackets or brackets.pop() != char):
            return ""  # LangChain reports it by itself
    wrong = "}" if brackets[-1:] == ["]"] else "]"
    return ('"' * (1 + escaped) if inside else "") + wrong


def end_of_cut(text: str) -> str:
    """Return the text to append to the arguments of a call that was cut, so that they are invalid.

    Without any arguments the call was cut before them: it would look like one that needs none.
    """
    return end_of_arguments(text) if text.strip() else "{]"


def tool_call(name: str, arguments: Any, call_id: str | None) -> ToolCall | InvalidToolCall:
    """Return a tool call from JSON text or an object; an invalid one if the JSON is invalid."""
    args = arguments
    if isinstance(arguments, str) or arguments is None:
        try:
            # Models write raw line breaks into strings; LangChain's parser accepts them as well.
            args = json.loads(arguments or "{}", strict=False)
        except (ValueError, RecursionError) as error:
            return InvalidToolCall(
                name=name, args=arguments, id=call_id, error=str(error), type="invalid_tool_call"
            )
    if args is None:
        args = {}
    if not isinstance(args, dict):
        return InvalidToolCall(
            name=name,
            args=dump_json(args),
            id=call_id,
            error="arguments are not a JSON object",
            type="invalid_tool_call",
        )
    return ToolCall(name=name, args=args, id=call_id, type="tool_call")


def usage_metadata(
    input_tokens: int,
    output_tokens: int,
    *,
    inputs: Mapping[str, int | None],
    outputs: Mapping[str, int | None],
    total_tokens: int | None = None,
) -> UsageMetadata:
    """Return token counts in LangChain's form; a detail that is None is left out.

    A total of 0 is one that the server has not counted.
    """
    usage = UsageMetadata(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=total_tokens or input_tokens + output_tokens,
    )
    input_details = {name: value for name, value in inputs.items() if value is not None}
    if input_details.get("cache_read", 0) > input_tokens:
        input_details["cache_read"] = input_tokens  # of Azure's Grok, early Mistral and gateways
    output_details = {name: value for name, value in outputs.items() if value is not None}
    if input_details:
        usage["input_token_details"] = input_details  # type: ignore[typeddict-item]  # extra kinds are allowed at run time
    if output_details:
        usage["output_token_details"] = output_details  # type: ignore[typeddict-item]  # likewise
    return usage


def newer_usage(new: UsageMetadata | None, known: UsageMetadata | None) -> UsageMetadata | None:
    """Return the newer token counts of a stream; None if no prompt has been counted.

    Counts are running totals, and providers send zeros where they have not counted: a prompt of no
    tokens replaces nothing, and an answer never becomes shorter. A new total has its own details.
    """
    if new is None or known is None:
        counted = new or known
        return counted if counted and counted["input_tokens"] > 0 else None
    prompt = new if new["input_tokens"] > 0 else known
    answer = new if new["output_tokens"] >= known["output_tokens"] else known
    if prompt is answer:
        return prompt
    return usage_metadata(
        prompt["input_tokens"],
        answer["output_tokens"],
        inputs=prompt.get("input_token_details") or {},  # type: ignore[arg-type]  # a dict of counts
        outputs=answer.get("output_token_details") or {},  # type: ignore[arg-type]  # likewise
    )


def apply_card(body: Json, spec: ProviderSpec) -> Json:
    """Rename, drop and adjust fields by the card's rules; renaming replaces no existing field."""
    for name, new_name in spec.rename.items():
        if name in body:
            body.setdefault(new_name, body.pop(name))
    for name in spec.drop:
        body.pop(name, None)
    return spec.adjust(body) if spec.adjust else body


def resolve_ref(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema that a local reference such as `#/$defs/Address` points to."""
    if not reference.startswith("#/"):
        return None
    node: Any = root
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else None


def resolve_root(schema: Mapping[str, Any]) -> Json:
    """Return a schema whose root is not a reference; its definitions stay."""
    target: Mapping[str, Any] | None = schema
    seen: set[str] = set()
    while target and isinstance(reference := target.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        target = resolve_ref(reference, schema)
    if target is None or target is schema:
        return dict(schema)
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
