"""Scrub recordings in which a secret goes over several events of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scout_adapters.testing.scrubbing.content_encoding import decompress
from scout_adapters.testing.scrubbing.scrubber import MASK, Scrubber, text_of
from scout_adapters.testing.scrubbing.split_secrets import masked_events

if TYPE_CHECKING:
    from scout_adapters.testing.scrubbing.secret_spans import Span


class StreamScrubber(Scrubber):
    """Removes secrets also in pieces of a stream."""

    def spans(self, text: str) -> list[Span]:
        """Return the places of secrets in a text, in order."""
        return sorted(self.places(text))

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Scrub an answer."""
        decompress(response)
        body = response["body"].get("string")
        if text := text_of(body):
            response["body"]["string"] = masked_events(text, self.spans, MASK).encode()
        return super().response(response)
