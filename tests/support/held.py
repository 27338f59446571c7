"""What a call holds while it is under way, and must have given back at its end."""

from __future__ import annotations

from scout_adapters.llm.engine import candidate
from scout_adapters.llm.health import key_state


def nothing_held() -> bool:
    """Return whether no key and no model counts a request as under way.

    Looks at the health of keys, which outlives a model that a test has dropped.
    """
    keys = list(key_state._states.values())
    loads = list(candidate._loads)
    return bool(keys) and not any(one.in_flight for one in (*keys, *loads))
