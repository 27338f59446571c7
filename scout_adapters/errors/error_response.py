"""The HTTP response behind an error, without the request; and texts on one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scout_adapters._internal.logs import printable

BAD_CERTIFICATE = "certificate"
"""`code` of a connection error whose cause is the server's certificate."""


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """The HTTP response behind an error, in the form that LangChain's tracers read.

    It contains an allow-list of headers and a redacted text; never the request.
    """

    status_code: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def json(self) -> Any:
        """Return the body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def one_line(text: str, limit: int = 300) -> str:
    """Return a text as one printable line: white space folded, at most `limit` characters.

    Control codes and marks that reverse a line become the replacement character.
    """
    folded = printable(" ".join(text.split()))
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"
