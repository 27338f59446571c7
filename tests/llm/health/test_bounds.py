"""What callers and providers can name does not fill memory."""

from __future__ import annotations

from scout_adapters.llm.health import shared_states
from scout_adapters.llm.health.shared_states import reset_states, shared_state


def test_the_states_of_keys_that_no_pool_has_are_bounded() -> None:
    reset_states()
    used = shared_state("p", "", "used")
    for number in range(shared_states.MAX_UNUSED_STATES + 500):
        shared_state("p", "", f"key-{number}")
    assert len(shared_states._states) == shared_states.MAX_UNUSED_STATES + 1
    assert shared_state("p", "", "used") is used, "a state in use stays shared"
    reset_states()
