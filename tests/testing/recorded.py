"""Exchanges as cassettes have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcr.request import Request as Recorded

if TYPE_CHECKING:
    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange


def exchanges(answer: str, count: int = 1) -> list[Exchange]:
    """Return equal exchanges."""
    request = Recorded("POST", "https://api.groq.com/openai/v1/x", b'{"model":"m"}', {})
    body = {"string": answer.encode()}
    return [
        (request, {"status": {"code": 200, "message": None}, "headers": {}, "body": dict(body)})
        for _ in range(count)
    ]
