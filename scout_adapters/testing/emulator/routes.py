"""Finds who is asked, for what and with which key, from a request's host, path and headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scout_adapters.testing.emulated_providers import (
    HOSTS,
    EmulatedProvider,
    WireName,
    emulated_provider,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.http_messages import Request

_GEMINI = re.compile(
    r"/models/((?!.*\.\.)[A-Za-z0-9._/-]+):(generateContent|streamGenerateContent)"
)
_ENDPOINTS: Mapping[WireName, frozenset[str]] = {
    "openai": frozenset({"/chat/completions", "/text/chatcompletion_v2"}),
    "anthropic": frozenset({"/messages"}),
}
_KEY_HEADERS: Mapping[WireName, str] = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}


@dataclass(frozen=True, slots=True)
class Route:
    """What a path leads to; where that is nothing, there is no wire, but still a house."""

    house: EmulatedProvider
    wire: WireName | None = None
    model: str = ""
    streams: bool = False

    @property
    def spoken(self) -> WireName:
        """The protocol, or the house's first where the path leads nowhere."""
        if self.wire is not None:
            return self.wire
        return next(iter(self.house.roots.values()))


def locate(request: Request) -> Route:
    """Find the provider by host or by the first step of the path, and what is asked of it."""
    played, path = HOSTS.get(request.host), request.path
    if played is None:
        name, slash, rest = path.removeprefix("/").partition("/")
        played, path = emulated_provider(name), slash + rest
    if request.method == "POST":
        for root, wire in played.roots.items():
            place = (
                _endpoint(played, wire, path.removeprefix(root)) if path.startswith(root) else None
            )
            if place is not None:
                return place
    return Route(played)


def _endpoint(played: EmulatedProvider, wire: WireName, path: str) -> Route | None:
    match = _GEMINI.fullmatch(path) if wire == "gemini" else None
    if match:
        return Route(played, wire, match[1], match[2] == "streamGenerateContent")
    return Route(played, wire) if path in _ENDPOINTS.get(wire, ()) else None


def find_key(request: Request, wire: WireName) -> str:
    """Return the key from the header in which this protocol carries it, "" if it is not there."""
    own = request.headers.get(_KEY_HEADERS.get(wire, ""))
    if own is not None:
        return own
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
