"""What callers and providers can name does not fill memory."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import pytest

from scout_adapters.llm.health import shared_states
from scout_adapters.llm.health.key_source import key_source
from scout_adapters.llm.health.shared_states import reset_states, shared_state


def test_the_states_of_keys_that_no_pool_has_are_bounded() -> None:
    reset_states()
    used = shared_state("p", "", "used")
    for number in range(shared_states.MAX_UNUSED_STATES + 500):
        shared_state("p", "", f"key-{number}")
    assert len(shared_states._states) == shared_states.MAX_UNUSED_STATES + 1
    assert shared_state("p", "", "used") is used, "a state in use stays shared"
    reset_states()


def test_a_source_for_each_of_many_calls_costs_no_more_than_the_first() -> None:
    """Each user brings a key: no source looks through all others."""
    looked_up = []

    class Labels(WeakValueDictionary[str, Any]):
        def __contains__(self, label: object) -> bool:
            looked_up.append(label)
            return super().__contains__(label)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scout_adapters.llm.health.key_source._labeled", Labels())
        sources = [key_source(partial(str, number)) for number in range(500)]
    assert len({source.id for source in sources}) == 500
    assert len(looked_up) <= 2 * len(sources)
