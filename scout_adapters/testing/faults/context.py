"""The moment at which a fault is played: who was asked, by whom, for what, when."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.faults.error_bodies import Condition, fill, row
from scout_adapters.testing.faults.retry_after_forms import FORMS, Form, RetryAfterForm, go_duration
from scout_adapters.testing.http_messages import BodyPart, HttpReply, Json, Request, dumps, plain
from scout_adapters.testing.protocols import anthropic_messages, gemini
from scout_adapters.testing.protocols.openai_dialects import VOICES

if TYPE_CHECKING:
    from collections.abc import Callable

    from scout_adapters.testing.emulated_providers import EmulatedProvider, WireName
    from scout_adapters.testing.ids import Ids

WINDOW = 131072
"""The context window that overflow messages speak of, in tokens."""

_OVER = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultContext:
    """One request on its way to an answer."""

    house: EmulatedProvider
    wire: WireName
    request: Request
    key: str
    model: str
    stream: bool
    ids: Ids
    wall: float
    """The server's wall clock, in seconds since 1970."""

    make: Callable[[FaultContext], HttpReply]
    """Makes the answer that is given where nothing goes wrong."""

    remaining: float | None = None
    """Seconds for which a rate-limited key goes on being refused."""

    @property
    def dialect(self) -> str:
        """The table of this provider's error bodies."""
        anthropic = self.house.dialect == "minimax" and self.wire == "anthropic"
        return "minimax-messages" if anthropic else self.house.dialect

    def good(self) -> HttpReply:
        """Answer well."""
        return self.make(self)

    def headers(self) -> dict[str, str]:
        """Return what this provider puts on every answer."""
        if self.wire == "anthropic":
            return anthropic_messages.headers(self.ids)
        if self.wire == "gemini":
            return gemini.headers(self.ids)
        return VOICES[self.house.flavour].headers(self.ids)

    def wait(self, seconds: float, form: Form) -> RetryAfterForm:
        """Put a wait into a form, or into this provider's own ones."""
        own = FORMS.get(self.house.dialect, ("retry-after",))
        left = seconds if self.remaining is None else self.remaining
        return RetryAfterForm(max(0.0, left), self.wall, own if form == "own" else (form,))

    def refuse(
        self, condition: Condition, *, wait: RetryAfterForm | None = None, **fields: Any
    ) -> HttpReply:
        """Say what this provider says under a condition."""
        said = row(self.dialect, condition)
        known = self._fields(wait) | fields
        status = said.status or int(known["status"])
        headers = {name: fill(value, known) for name, value in said.headers.items()}
        headers |= wait.headers if wait else {}
        body = fill(said.body, known)
        if self.stream and status == HTTPStatus.OK:  # MiniMax refuses streams inside one
            return _in_stream(body, headers)
        data = b"" if body is None else body.encode() if isinstance(body, str) else dumps(body)
        return plain(status, data, {**self._named(), **headers}, said.kind)

    def _named(self) -> dict[str, str]:
        """Keep the headers that name a request; a refusal has its own on limits."""
        return {name: text for name, text in self.headers().items() if "ratelimit" not in name}

    def _fields(self, wait: RetryAfterForm | None) -> Json:
        told = wait.told if wait else None
        again = f" Please try again in {go_duration(told)}." if told is not None else ""
        limits = (
            {name: text for name, text in wait.headers.items() if "ratelimit" in name}
            if wait
            else {}
        )
        return {
            "again": again,
            "code": None,
            "key": self.key,
            "kind": "invalid_request_error",
            "limit": WINDOW,
            "masked": f"{self.key[:4]}{'*' * 12}{self.key[-4:]}",
            "message": "",
            "method": self.request.method,
            "model": self.model,
            "over": _OVER,
            "param": None,
            "path": self.request.path,
            "request_id": f"req_{self.ids.hex(24)}",
            "resets": wait.resets if wait else "",
            "shown": {_shout(name): text for name, text in limits.items()},
            "status": 500,
            "tail": self.key[-4:],
            "told": told,
            "used": WINDOW + _OVER,
        }


def _in_stream(body: Any, headers: dict[str, str]) -> HttpReply:
    return HttpReply(
        headers={"content-type": "text/event-stream", **headers},
        parts=(BodyPart(b"data: " + dumps(body) + b"\n\n"),),
        streamed=True,
    )


def _shout(name: str) -> str:
    """Spell a header as OpenRouter repeats it in the body: `X-RateLimit-Reset`."""
    words = (word.capitalize() for word in name.split("-"))
    return "-".join(words).replace("Ratelimit", "RateLimit")
