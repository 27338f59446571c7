"""Read the message of an error, and the reason that stands elsewhere in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scout_adapters._internal.json_values import mapping, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

_MESSAGES = (
    *("message", "Message", "msg", "error_msg", "error_message", "error_description", "detail"),
    *("status_msg", "faultstring", "title"),
)
_BARE_MESSAGES = frozenset(
    {"param incorrect", "invalid param", "invalid parameter", "invalid params"}
    | {"bad request", "400 bad request", "invalid request", "the request is invalid"}
    | {"validation error", "validation failed", "provider returned error"}
    | {"one or more validation errors occurred", "request contains an invalid argument"}
)
"""Messages without a reason; other fields beside them describe the fault (`param`: Xiaomi)."""

_BARE_REASONS = ("detail", "details", "reason", "cause", "description", "param")
"""Fields with the reason beside such a message; beside others they may quote the request."""


def message_of(error: Mapping[str, Any]) -> str:
    """Return the message of an error; "" if there is none."""
    for name in _MESSAGES:
        value = error.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, dict) and (message := _flat_message(value)):
            return message
        if isinstance(value, list) and (message := listed_texts(value)):
            return message
    return ""


def with_reason(message: str, error: Mapping[str, Any]) -> str:
    """Return a message with the reason that stands elsewhere in the error."""
    reason = _nested_reason(error)
    if not reason and message.casefold().rstrip(".") in _BARE_MESSAGES:
        texts = (short_text(error.get(name), 300) for name in _BARE_REASONS)
        reason = next((text for text in texts if text and text != message), "")
    if not reason or reason in message:
        return message
    return f"{message}: {reason}" if message else reason


def _nested_reason(error: Mapping[str, Any]) -> str:
    """Return the message of an object inside an error; "" if there is none.

    https://cloud.google.com/apis/design/errors#error_details,
    https://learn.microsoft.com/azure/architecture/best-practices/api-design, RFC 9457.
    """
    details = error.get("details")
    inner = [mapping(details).get("error"), details, error.get("innererror"), error.get("data")]
    for item in objects(details):
        inner += [item, *objects(item.get("fieldViolations"))]
    inner += objects(error.get("errors"))
    messages = (_flat_message(place) for place in inner if isinstance(place, dict))
    if reason := next((message for message in messages if message), ""):
        return reason
    fields = mapping(error.get("errors")).items()
    return "; ".join(f"{name}: {listed_texts(texts)}" for name, texts in fields if texts)[:300]


def _flat_message(holder: Mapping[str, Any]) -> str:
    texts = (holder.get(name) for name in (*_MESSAGES, "description", "reason"))
    message = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    detail = holder.get("detail")
    return message or (_validation_messages(detail) if isinstance(detail, list) else "")


def listed_texts(items: Any) -> str:
    """Return the texts of a list, as HuggingFace sends them, or a validator's messages."""
    listed = items if isinstance(items, list) else [items]
    texts = [text for item in listed[:3] if (text := short_text(item, 300))]
    return "; ".join(texts) or _validation_messages(listed)


def _validation_messages(items: list[Any]) -> str:
    """Return a validator's messages (FastAPI's `detail`) as one text, without refused values."""
    return "; ".join(
        ": ".join(
            part
            for part in (_field_path(item.get("loc")), short_text(item.get("msg"), 300))
            if part
        )
        for item in objects(items)[:3]
    )


def _field_path(loc: Any) -> str:
    steps = loc[:8] if isinstance(loc, list) else []
    return ".".join(word for step in steps if (word := short_text(step, 40)))


def short_text(value: Any, limit: int = 100) -> str:
    """Return a text up to a limit, or a number as text; "" for other values."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**9 else ""
    return value.strip()[:limit] if isinstance(value, str) else ""
