"""Rules of Gemini's API for request bodies: order of calls, empty names, schema keywords.

The messages are the API's own.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.protocols.field_rules import check_gemini_fields
from scout_adapters.testing.protocols.gemini import contents, declared, either, parts_of, signature
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json

# Signatures for a history of another model: https://ai.google.dev/gemini-api/docs/thought-signatures
PLACEHOLDERS = frozenset(
    {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"}
)
# Keywords that are not in https://ai.google.dev/api/caching#Schema
_UNKNOWN: tuple[str, ...] = (
    "$ref",
    "$defs",
    "$schema",
    "additionalProperties",
    "const",
    "oneOf",
    "allOf",
    "exclusiveMinimum",
    "exclusiveMaximum",
)
_STANDARD = str.maketrans("-_", "+/")


def check(body: Json, model: str) -> Violation | None:
    """Return the first reason to refuse a request, None if there is none."""
    texts = [*_shape(body), *_schemas(body), *_turns(body)]
    texts += _signatures(body) if "gemini-3" in model else _json_with_tools(body)
    return Violation(texts[0]) if texts else next(check_gemini_fields(body), None)


def _shape(body: Json) -> Iterator[str]:
    if not contents(body):
        yield "* GenerateContentRequest.contents: contents is not specified\n"
    for at, content in enumerate(contents(body)):
        if content.get("role") not in {"user", "model", "function", None}:
            yield "Please use a valid role: user, model."
        if not parts_of(content) and content.get("role") != "model":
            where = f"GenerateContentRequest.contents[{at}].parts"
            yield f"* {where}: contents.parts must not be empty.\n"
        for part_at, part in enumerate(parts_of(content)):
            answer = either(part, "functionResponse")
            if answer is not None and not mapping(answer).get("name"):
                where = f"GenerateContentRequest.contents[{at}].parts[{part_at}]"
                yield f"* {where}.function_response.name: Name cannot be empty.\n"


def _turns(body: Json) -> Iterator[str]:
    """Check that calls follow a user turn, and one turn with as many responses follows them."""
    calls, role = 0, "user"
    for content in contents(body):
        parts = parts_of(content)
        answers = sum(either(part, "functionResponse") is not None for part in parts)
        calling = sum(either(part, "functionCall") is not None for part in parts)
        if answers and not calls:
            text = "Please ensure that function response turn comes immediately after"
            yield f"{text} a function call turn."
        if calls != answers:
            text = "Please ensure that the number of function response parts is equal to"
            yield f"{text} the number of function call parts of the function call turn."
        if calling and role == "model":
            text = "Please ensure that function call turn comes immediately after a user turn"
            yield f"{text} or after a function response turn."
        calls, role = calling, content.get("role") or "user"


def _schemas(body: Json) -> Iterator[str]:
    """`parameters` and `responseSchema` accept a subset of OpenAPI, not JSON schema."""
    config = either(body, "generationConfig")
    yield from _keywords(either(config, "responseSchema"), "generation_config.response_schema")
    for at, tool in enumerate(objects(body.get("tools"))):
        for name in ("type", "name", "function", "input_schema"):
            if name in tool:
                text = f'Invalid JSON payload received. Unknown name "{name}" at'
                yield f"{text} 'tools[{at}]': Cannot find field."
        for function_at, function in enumerate(objects(either(tool, "functionDeclarations"))):
            where = f"tools[{at}].function_declarations[{function_at}].parameters"
            yield from _keywords(function.get("parameters"), where)


def _keywords(schema: Any, where: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    for name in _UNKNOWN:
        if name in schema:
            text = f'Invalid JSON payload received. Unknown name "{name}" at'
            yield f"{text} '{where}': Cannot find field."
    for at, (_, inner) in enumerate(mapping(schema.get("properties")).items()):
        yield from _keywords(inner, f"{where}.properties[{at}].value")
    yield from _keywords(schema.get("items"), f"{where}.items")
    for at, inner in enumerate(objects(schema.get("anyOf"))):
        yield from _keywords(inner, f"{where}.any_of[{at}]")


def _json_with_tools(body: Json) -> Iterator[str]:
    form = either(either(body, "generationConfig"), "responseMimeType")
    if form == "application/json" and any(declared(body)):
        yield "Function calling with a response mime type: 'application/json' is unsupported"


def _signatures(body: Json) -> Iterator[str]:
    """Gemini 3 requires the signature of the first call of each step after the user's prompt."""
    turns = contents(body)
    prompts = [
        at for at, turn in enumerate(turns) if turn.get("role") != "model" and _is_prompt(turn)
    ]
    for at in range(prompts[-1] + 1 if prompts else 0, len(turns)):
        calling = [part for part in parts_of(turns[at]) if either(part, "functionCall")]
        if calling:
            name = str(mapping(either(calling[0], "functionCall")).get("name"))
            yield from _check_signature(either(calling[0], "thoughtSignature"), name, at + 1)


def _check_signature(value: Any, name: str, position: int) -> Iterator[str]:
    if not value:
        yield (
            "Function call is missing a thought_signature in functionCall parts. This is required "
            "for tools to work correctly, and missing thought_signature may lead to degraded model "
            f"performance. Additional data, function call `default_api:{name}` , position "
            f"{position}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures "
            "for more details."
        )
    # Clients send the bytes in either alphabet of base64.
    elif str(value).translate(_STANDARD) == signature(name):
        return
    elif _plain(str(value)) not in PLACEHOLDERS:
        yield "Corrupted thought signature."


def _plain(value: str) -> str:
    """Decode base64, in which clients may send the placeholders."""
    if value in PLACEHOLDERS:
        return value
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_").decode()
    except (binascii.Error, UnicodeDecodeError):
        return value


def _is_prompt(turn: Json) -> bool:
    return any(either(part, "functionResponse") is None for part in parts_of(turn))
