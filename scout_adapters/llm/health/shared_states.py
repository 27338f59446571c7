"""The states of keys that all pools of the process share, by provider, address and key."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary, ref

from scout_adapters.llm.health.key_items import origin_of
from scout_adapters.llm.health.key_state import KeyState, health_lock

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_source import KeySource

MAX_UNUSED_STATES = 10_000
"""Number of keys whose health is remembered after their last pool is gone; the newest ones."""

_states: WeakValueDictionary[tuple[str, str, str | KeySource], KeyState] = WeakValueDictionary()
_newest: deque[KeyState] = deque(maxlen=MAX_UNUSED_STATES)
_dropped: list[ref[KeyState]] = []
"""States that a reset has dropped; models that exist still use them."""


def shared_state(provider: str, base_url: str, key: str | KeySource, place: str = "") -> KeyState:
    """Return the state of a key at a provider's address, shared by all pools in the process.

    `key` is the key itself, a reference such as `file:/run/secrets/groq`, or a source. `place` is
    added to its id, for a key that is used at several addresses.
    """
    with health_lock:
        origin = origin_of(key) if isinstance(key, str) else key
        address = f"{base_url}#{place}" if place else base_url
        state = _states.get((provider, address, origin))
        if state is None:
            state = _states[provider, address, origin] = KeyState(origin)
            state.id += f"@{place}" if place else ""
            _newest.append(state)
        return state


def reset_states() -> None:
    """Reset and drop the state of every key; the next use of a key creates a new state."""
    from scout_adapters.llm.health.key_source import forget_sources  # noqa: PLC0415  # 0.1 MB: sources only

    with health_lock:
        used = [*_states.values(), *(state for drop in _dropped if (state := drop()) is not None)]
        for state in used:
            state.reset()
        _dropped[:] = map(ref, used)
        _states.clear()
        _newest.clear()
        forget_sources()
