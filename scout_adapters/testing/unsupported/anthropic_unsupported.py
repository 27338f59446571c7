"""What Claude's models refuse on Anthropic's Messages API.

https://platform.claude.com/docs/en/build-with-claude/effort
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.unsupported.body_features import always, both, field, field_not
from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json
    from scout_adapters.testing.unsupported.unsupported_row import Feature

_NEW = r"claude-(opus-4-[7-9]|(opus|sonnet|haiku|fable|mythos)-[5-9])"
"""Models since 4.7: adaptive thinking only, no sampling parameters."""

_OLD = r"claude-(3|(opus|sonnet)-4-[0125]|haiku-4|(opus|sonnet)-4-2025)"
"""Models before 4.6: thinking budgets only."""

_ONE_SAMPLER = r"claude-(opus-4-[156]|sonnet-4-[56]|haiku-4-5)"
_MAX_STRICT = 20
_MAX_UNIONS = 16


def effort(*levels: str) -> Feature:
    """Return a feature: one of these levels of effort, or any (`{value}`)."""

    def find(body: Json) -> Iterator[Json]:
        value = mapping(body.get("output_config")).get("effort")
        if value in levels if levels else value is not None:
            yield {"value": value}

    return find


def thinking(kind: str) -> Feature:
    """Return a feature: thinking of this type."""

    def find(body: Json) -> Iterator[Json]:
        if mapping(body.get("thinking")).get("type") == kind:
            yield {}

    return find


def forced_call(body: Json) -> Iterator[Json]:
    """Yield one place if a body forces the call of a tool (`{kind}`)."""
    kind = mapping(body.get("tool_choice")).get("type")
    if kind in {"any", "tool"}:
        yield {"kind": kind}


def odd_message(body: Json) -> Iterator[Json]:
    """Yield a place for each message that is no object (`{at}`)."""
    messages = body.get("messages")
    for at, message in enumerate(messages if isinstance(messages, list) else ()):
        if not isinstance(message, dict):
            yield {"at": at}


def too_many_strict(body: Json) -> Iterator[Json]:
    """Yield one place for more strict tools than the API compiles (`{count}`)."""
    count = sum(tool.get("strict") is True for tool in objects(body.get("tools")))
    if count > _MAX_STRICT:
        yield {"count": count}


def too_many_unions(body: Json) -> Iterator[Json]:
    """Yield one place for strict schemas with too many union types (`{count}`)."""
    tools = (tool for tool in objects(body.get("tools")) if tool.get("strict") is True)
    count = sum(_unions(tool.get("input_schema")) for tool in tools)
    if count > _MAX_UNIONS:
        yield {"count": count}


def _unions(schema: Any) -> int:
    if not isinstance(schema, dict):
        return sum(_unions(part) for part in schema) if isinstance(schema, list) else 0
    union = isinstance(schema.get("type"), list) or "anyOf" in schema
    return union + sum(_unions(part) for part in schema.values())


def open_object(body: Json) -> Iterator[Json]:
    """Yield one place if the schema of the answer has an object that is not closed."""
    form = mapping(mapping(body.get("output_config")).get("format") or body.get("output_format"))
    if _is_open(form.get("schema")):
        yield {}


def _is_open(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_is_open(part) for part in schema)
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return True
    return any(_is_open(part) for part in schema.values())


def _refused_sampler(name: str) -> UnsupportedRow:
    """Return the table row by which newer Claude models refuse the sampling parameter `name`."""
    return UnsupportedRow(
        feature=field_not(name, 1) if name == "temperature" else field(name),
        models=_NEW,
        message=f"`{name}` is deprecated for this model.",
        source="reported",
    )


ANTHROPIC_UNSUPPORTED = (
    UnsupportedRow(
        feature=always,
        models=r"claude-3-sonnet-20240229|claude-(2|instant)",
        condition="model_missing",
        source="recorded",
    ),
    UnsupportedRow(
        feature=odd_message,
        message="messages.{at}: Input does not match the expected shape.",
        source="recorded",
    ),
    UnsupportedRow(
        feature=effort("xhigh"),
        models=r"claude-(opus|sonnet)-4-6",
        message="This model does not support effort level 'xhigh'. Supported levels: high, low, "
        "max, medium.",
        source="recorded",
    ),
    UnsupportedRow(
        feature=effort(),
        models=_OLD.replace("[0125]", "[012]"),
        message="This model does not support the effort parameter.",
        source="reported",
    ),
    UnsupportedRow(
        feature=thinking("enabled"),
        models=_NEW,
        message='"thinking.type.enabled" is not supported for this model. Use '
        '"thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
        source="reported",
    ),
    UnsupportedRow(
        feature=thinking("adaptive"),
        models=_OLD,
        message="adaptive thinking is not supported on this model",
        source="reported",
    ),
    UnsupportedRow(
        feature=forced_call,
        models=r"claude-(fable-5-[1-9]|opus-5-[5-9]|sonnet-5-[5-9])",
        message="tool_choice: type `{kind}` is not supported for this model.",
        source="none",
    ),
    UnsupportedRow(
        feature=both("temperature", "top_p"),
        models=_ONE_SAMPLER,
        message="`temperature` and `top_p` cannot both be specified for this model. Please use "
        "only one.",
        source="reported",
    ),
    _refused_sampler("temperature"),
    _refused_sampler("top_p"),
    _refused_sampler("top_k"),
    UnsupportedRow(
        feature=open_object,
        message="output_config.format.schema: For 'object' type, 'additionalProperties' must be "
        "explicitly set to false",
        source="recorded",
    ),
    UnsupportedRow(
        feature=too_many_strict,
        message="Too many strict tools ({count}). The maximum number of strict tools supported is "
        "20. Try reducing the number of tools marked as strict.",
        source="recorded",
    ),
    UnsupportedRow(
        feature=too_many_unions,
        message="Schemas contains too many parameters with union types ({count} parameters with "
        "type arrays or anyOf). This causes exponential compilation cost. Reduce the number of "
        "nullable or union-typed parameters (limit: 16 parameters with unions).",
        source="recorded",
    ),
)
