"""What callers and providers can name does not fill memory."""

from __future__ import annotations

from scout_adapters.llm.health import key_state
from scout_adapters.llm.health.key_state import reset_states, shared_state


def test_the_states_of_keys_that_no_pool_has_are_bounded() -> None:
    reset_states()
    used = shared_state("p", "", "used")
    for number in range(key_state.MAX_UNUSED_STATES + 500):
        shared_state("p", "", f"key-{number}")
    assert len(key_state._states) == key_state.MAX_UNUSED_STATES + 1
    assert shared_state("p", "", "used") is used, "a state in use stays shared"
    reset_states()
