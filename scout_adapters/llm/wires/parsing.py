"""What the wires share: promised fields, arguments, counts, references, a card's renamings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.types import ProviderSpec

T = TypeVar("T")


LONGEST_PIECE = 16 * 1024
"""Characters of a piece of a call's arguments that is no JSON by itself."""


def require(holder: Any, name: str, kind: type[T]) -> T:
    """Return the field that the provider's documentation promises, or raise a named error."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, kind):
        found = "nothing" if value is None else type(value).__name__
        raise malformed(f"expected {name!r} to be a {kind.__name__}, found {found}")
    return value


def dump_json(value: Any) -> str:
    """Write JSON that an answer held back as text; what can be read may be too deep to write."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        what = type(value).__name__
    raise malformed(f"a {what} in the answer is nested too deep")


def piece_of_arguments(text: str) -> str:
    """Return a streamed piece of a call's arguments, unless nobody could hand it on.

    LangChain mends a piece that is no JSON by itself, in a time that grows with the square of its
    length: 70,000 quotes take many seconds, in which a loop stands still. Servers send pieces of a
    few characters, or the whole.
    """
    if len(text) > LONGEST_PIECE and not _is_json(text):
        raise malformed(f"{len(text)} characters of a tool call's arguments are no JSON")
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def tool_call(name: str, arguments: Any, call_id: str | None) -> ToolCall | InvalidToolCall:
    """Make a tool call of JSON text or an object; invalid where the model wrote broken JSON."""
    args = arguments
    if isinstance(arguments, str) or arguments is None:
        try:
            # Models put raw line breaks into strings; LangChain's own parser allows them too.
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
    """Put counts into LangChain's form; integers only, and no detail that was not sent (None)."""
    usage = UsageMetadata(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=total_tokens if total_tokens is not None else input_tokens + output_tokens,
    )
    known_in = {name: value for name, value in inputs.items() if value is not None}
    known_out = {name: value for name, value in outputs.items() if value is not None}
    if known_in:
        usage["input_token_details"] = known_in  # type: ignore[typeddict-item]  # extra kinds are allowed at run time
    if known_out:
        usage["output_token_details"] = known_out  # type: ignore[typeddict-item]  # likewise
    return usage


def apply_card(body: Json, spec: ProviderSpec) -> Json:
    """Rename, drop and adjust as the card says; what has the provider's own name already stays."""
    for ours, theirs in spec.rename.items():
        if ours in body:
            body.setdefault(theirs, body.pop(ours))
    for name in spec.drop:
        body.pop(name, None)
    return spec.adjust(body) if spec.adjust else body


def resolve_ref(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Follow a JSON schema's reference into itself, such as `#/$defs/Address`."""
    if not reference.startswith("#/"):
        return None
    found: Any = root
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None
