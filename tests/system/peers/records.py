"""Recorded traffic: what providers really answered, with what can be read from it at a glance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from tests.support import recordings

RECORDED_AS = {"google": "gemini"}
PROVIDERS = ("anthropic", "google", "groq", "openai", "openrouter")
UNASKED = frozenset({"json_array_stream", "n_choices"})
"""Requests that no chat model makes: streams as one array, several choices."""

UNSAID = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection"})

_numbers = count()


@dataclass(frozen=True, eq=False)
class Record:
    """One recorded exchange."""

    provider: str
    fields: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.provider} {self.fields['id']}"

    @property
    def features(self) -> frozenset[str]:
        return frozenset(self.fields.get("features") or ())

    @property
    def status(self) -> int:
        return int(self.fields["status"])

    @property
    def streamed(self) -> bool:
        return bool(self.fields["stream"])

    @property
    def refused(self) -> bool:
        """Whether the provider refused, by the status or inside a 200."""
        return self.status >= 400 or "error_in_200" in self.features

    @property
    def model(self) -> str:
        request = self.fields.get("request_json") or {}
        named = str(request.get("model") or "")
        return named or self.fields["path"].split("models/")[-1].split(":")[0] or "m"

    @property
    def text(self) -> str:
        return self.fields["response_body"] or ""

    @property
    def headers(self) -> dict[str, str]:
        headers_sent = self.fields.get("response_headers") or {}
        return {
            name: value if isinstance(value, str) else value[0]
            for name, value in headers_sent.items()
            if name.lower() not in UNSAID
        }

    @property
    def address(self) -> str:
        """An address of its own, because failures are remembered by address."""
        return f"https://{self.fields['id']}-{next(_numbers)}.example"

    @cached_property
    def bodies(self) -> list[dict[str, Any]]:
        """The answer as JSON: its events, or the one whole body."""
        if not self.streamed:
            return [json.loads(self.text)] if self.text.lstrip().startswith("{") else []
        lines = (line[5:].strip() for line in self.text.splitlines() if line.startswith("data:"))
        return [event for line in lines if (event := _event(line))]

    @property
    def options(self) -> dict[str, Any]:
        """Return call options of the recorded answer: Anthropic's reader uses the request."""
        if self.provider != "anthropic" or not self.streamed:
            return {}
        kinds = {each.get("content_block", {}).get("type", "text") for each in self.bodies}
        if kinds == {"text"} and "citations_delta" not in self.text:
            return {}
        return {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}


def _event(line: str) -> dict[str, Any] | None:
    """Return the event of a line; None of `[DONE]`, and of one that was shortened by hand."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def recorded(provider: str) -> Iterator[Record]:
    """Read the usable records of a provider; those whose answer was cut are not."""
    name = RECORDED_AS.get(provider, provider)
    for fields in recordings.records(name):
        record = Record(provider, fields)
        if not UNASKED & record.features and not fields.get("truncated_response"):
            yield record
