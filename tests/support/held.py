"""What a call holds while it is under way, and must have given back at its end."""

from __future__ import annotations

from scout_adapters.llm.providers import registry


def nothing_held() -> bool:
    """Return whether no key and no model counts a request as under way."""
    clients = registry._all_special
    keys = [state for client in clients for state in client.keys]
    loads = [load for client in clients for load in client.endpoint.loads.values()]
    return bool(keys) and not any(one.in_flight for one in (*keys, *loads))
