"""A callback that outlasts the deadline of a call ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters.errors import DeadlineExceeded
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.providers import registry


class Slow(BaseCallbackHandler):
    """Handler that takes ten seconds for a failed attempt."""

    run_inline = True

    def __init__(self, go_by: Callable[[float], None]) -> None:
        self.go_by = go_by

    def on_retry(self, retry_state: Any, **_: Any) -> None:
        self.go_by(10.0)


async def test_no_request_is_sent_after_a_callback_has_outlasted_the_deadline(
    ask, providers, time, wire, router
) -> None:
    providers.on("api.groq.com", wire.refuse(503))
    providers.on("api.openai.com", wire.say())
    model = router("groq/big", "openai/gpt-4o", deadline=5.0, max_retries=0)
    with pytest.raises(DeadlineExceeded):
        await ask(model, "hi", {"callbacks": [Slow(time.sleep)]})
    assert providers.hosts == ["api.groq.com"]
    assert all(state.in_flight == 0 for state in keys_in_use())


def keys_in_use() -> list[KeyState]:
    clients = registry._all_special
    return [state for client in clients for state in client.endpoint.pool]
