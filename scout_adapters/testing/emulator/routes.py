"""Find provider, endpoint and key of a request, from its host, path and headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scout_adapters.testing.emulated_providers import emulated_provider, provider_at
from scout_adapters.testing.emulator.aws_signature import signed_key
from scout_adapters.testing.protocols.protocol_table import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.http_messages import Request
    from scout_adapters.testing.protocols.protocol import EmulatedEndpoint, EmulatedProtocol


@dataclass(frozen=True, slots=True)
class EmulatedRoute:
    """What a path leads to: a provider's protocol, and its endpoint if there is one."""

    provider: EmulatedProvider
    protocol: EmulatedProtocol
    endpoint: EmulatedEndpoint | None = None


def locate(request: Request) -> EmulatedRoute:
    """Return the provider by host or by the first step of the path, and the endpoint.

    A path without an endpoint belongs to the provider's first protocol.
    """
    provider, path = provider_at(request.host, request.path), request.path
    if provider is None:
        name, slash, rest = path.removeprefix("/").partition("/")
        provider, path = emulated_provider(name), slash + rest
    roots = (item for item in provider.roots.items() if path.startswith(item[0]))
    for root, wire in ((root, wire) for root, wires in roots for wire in wires):
        endpoint = _endpoint(PROTOCOLS[wire], request.method, path.removeprefix(root))
        if endpoint is not None:
            return EmulatedRoute(provider, PROTOCOLS[wire], endpoint)
    return EmulatedRoute(provider, PROTOCOLS[next(iter(provider.roots.values()))[0]])


def _endpoint(protocol: EmulatedProtocol, method: str, path: str) -> EmulatedEndpoint | None:
    new = protocol.endpoint(path) if method == "POST" else None
    return new or protocol.background_endpoint(method, path)


def find_key(request: Request, route: EmulatedRoute, listed: Iterable[str] = ()) -> str:
    """Return the key from the header in which a protocol sends it, "" if it is not there.

    The key of a signed request is the one of the `listed` keys with which it was signed.
    """
    name = route.provider.key_header or route.protocol.key_header
    own = request.headers.get(name)
    if own is not None:
        return own
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else signed_key(request, listed)
