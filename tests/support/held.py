"""In-flight counts of keys and models, which are zero after every call."""

from __future__ import annotations

from scout_adapters.llm.engine import candidate
from scout_adapters.llm.health import shared_states


def nothing_held() -> bool:
    """Return whether no key and no model counts a request as under way.

    Looks at the health of keys, which outlives a model that a test has dropped.
    """
    keys = list(shared_states._states.values())
    loads = list(candidate._loads)
    return bool(keys) and not any(counter.in_flight for counter in (*keys, *loads))
