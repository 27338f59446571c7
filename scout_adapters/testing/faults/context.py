"""The request that a fault is played for, and how its provider refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.faults.error_bodies import Condition, error_row, fill
from scout_adapters.testing.faults.retry_after_forms import FORMS, Form, RetryAfterForm, go_duration
from scout_adapters.testing.http_messages import BodyPart, HttpReply, Json, dumps, whole_reply
from scout_adapters.testing.protocols.protocol import EmulatedRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scout_adapters.testing.protocols.protocol import EmulatedProtocol

WINDOW = 131072
"""Tokens of the context window in messages about an overflow."""

_EXCESS = 4096
"""Tokens by which a request is longer than the window, in the same messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultContext(EmulatedRequest):
    """A request, with what a fault needs to answer it."""

    protocol: EmulatedProtocol
    make: Callable[[FaultContext], HttpReply]
    """Makes the answer without a fault."""

    arrived_at: float
    """Seconds since 1970 by which signatures and tokens are checked; answers are dated `wall`."""

    remaining: float | None = None
    """Seconds for which a rate-limited key is still refused."""

    @property
    def error_table(self) -> str:
        """The name of the provider's table of error bodies for this protocol."""
        return self.provider.errors_of(self.protocol.name)

    def good(self) -> HttpReply:
        """Return the answer without a fault."""
        return self.make(self)

    def headers(self) -> dict[str, str]:
        """Return the headers that this provider puts on every answer."""
        return self.protocol.headers(self.provider, self.ids)

    def error_event(self, body: Json, status: int) -> bytes:
        """Return an error body as an event of a stream, as this provider sends it."""
        return self.protocol.error_event(self, body, status)

    def wait(self, seconds: float, form: Form) -> RetryAfterForm:
        """Return a wait in a form, or in this provider's forms if `form` is "own"."""
        own = FORMS.get(self.provider.error_table, ("retry-after",))
        left = seconds if self.remaining is None else self.remaining
        return RetryAfterForm(max(0.0, left), self.wall, own if form == "own" else (form,))

    def refuse(
        self, condition: Condition, *, wait: RetryAfterForm | None = None, **fields: Any
    ) -> HttpReply:
        """Return this provider's error for a condition; `fields` fill the gaps of its body."""
        error = error_row(self.error_table, condition)
        values = self._fields(wait) | fields
        status = error.status or int(values["status"])
        headers = {name: fill(value, values) for name, value in error.headers.items()}
        headers |= wait.headers if wait else {}
        body = fill(error.body, values)
        if self.stream and status == HTTPStatus.OK:  # MiniMax refuses streams inside one
            return _in_stream(body, headers)
        data = b"" if body is None else body.encode() if isinstance(body, str) else dumps(body)
        return whole_reply(status, data, {**self._headers_of_refusal(), **headers}, error.kind)

    def _headers_of_refusal(self) -> dict[str, str]:
        """Return the usual headers but those on limits, of which a refusal has its own."""
        return {name: text for name, text in self.headers().items() if "ratelimit" not in name}

    def _fields(self, wait: RetryAfterForm | None) -> Json:
        """Return the values for the gaps of error bodies."""
        return {
            "code": None,
            "key": self.key,
            "kind": "invalid_request_error",
            "limit": WINDOW,
            "masked": f"{self.key[:4]}{'*' * 12}{self.key[-4:]}",
            "message": "",
            "method": self.request.method,
            "model": self.model,
            "over": _EXCESS,
            "param": None,
            "path": self.request.path,
            "request_id": f"req_{self.ids.hex(24)}",
            "status": 500,
            "tail": self.key[-4:],
            "used": WINDOW + _EXCESS,
            **_wait_fields(wait),
        }


def _wait_fields(wait: RetryAfterForm | None) -> Json:
    """Return the values that name a wait: `retry_in` in seconds, `again` as a sentence."""
    retry_in = wait.seconds_in_body if wait else None
    headers = wait.headers if wait else {}
    return {
        "again": "" if retry_in is None else f" Please try again in {go_duration(retry_in)}.",
        "resets": wait.resets if wait else "",
        "limit_headers": {
            _title(name): text for name, text in headers.items() if "ratelimit" in name
        },
        "retry_in": retry_in,
    }


def _in_stream(body: Any, headers: dict[str, str]) -> HttpReply:
    return HttpReply(
        headers={"content-type": "text/event-stream", **headers},
        parts=(BodyPart(b"data: " + dumps(body) + b"\n\n"),),
        streamed=True,
    )


def _title(name: str) -> str:
    """Spell a header's name as OpenRouter repeats it in the body: `X-RateLimit-Reset`."""
    words = (word.capitalize() for word in name.split("-"))
    return "-".join(words).replace("Ratelimit", "RateLimit")
