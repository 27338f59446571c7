"""Whether recorded bodies are the JSON that their content type promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.scrubbing.scrubber import text_of

if TYPE_CHECKING:
    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange


def broken_body(exchange: Exchange) -> str:
    """Return which body of an exchange is broken JSON and where; "" if none is."""
    request, response = exchange
    bodies = (
        ("request", request.headers, request.body),
        ("answer", response["headers"], response["body"].get("string")),
    )
    for side, headers, body in bodies:
        for text in _promised_json(headers, body):
            if problem := _problem(text):
                return f"the body of the {side} is no JSON: {problem}"
    return ""


def _promised_json(headers: Mapping[str, Any], body: Any) -> Iterator[str]:
    """Yield the texts of a body that are JSON: the whole body, its lines or its events."""
    fields = {name.lower(): _first(value) for name, value in headers.items()}
    kind = fields.get("content-type", "").partition(";")[0].strip().lower()
    if not body or "content-encoding" in fields:
        return
    text = text_of(body)
    if kind == "application/json" or kind.endswith("+json"):
        yield text
    elif kind == "text/event-stream":
        yield from _events(text)


def _first(value: Any) -> str:
    value = value[0] if isinstance(value, list) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _events(text: str) -> Iterator[str]:
    """Yield the data of server-sent events that begin as a JSON object."""
    for event in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line for line in event.split("\n") if line.startswith("data:")]
        data = "\n".join(line.removeprefix("data:").strip() for line in lines)
        if data.startswith("{"):
            yield data


def _problem(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        return str(error)
    return ""
