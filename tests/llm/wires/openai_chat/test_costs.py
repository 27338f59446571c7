"""Costs that servers of Chat Completions state, in good answers and in failed ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scout_adapters.errors import ProviderError
from tests.llm.wires.openai_chat.answers import answer, parse
from tests.support.fake_http import GROQ, event

COUNTS = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


@pytest.mark.parametrize(
    "usage",
    [{"cost": {"usd": 0.25}}, {"cost": {"total_cost": 0.25}}, {"estimated_cost": 0.25}],
)
def test_a_stated_cost_is_read_in_every_form(usage: Any) -> None:
    message = parse(answer(usage=COUNTS | usage))
    assert message.response_metadata["provider_cost_usd"] == 0.25


@pytest.mark.parametrize("place", ["choice", "body"])
async def test_the_cost_of_a_failed_answer_is_booked(providers, wire, groq, ask, place) -> None:
    error = {"code": 502, "message": "the upstream stopped"}
    choice: Any = {"index": 0, "finish_reason": "error", "message": {"content": ""}, "delta": {}}
    body: Any = {"id": "c1", "usage": COUNTS | {"cost": 0.25}}
    if place == "choice":
        choice["error"] = error
    else:
        body["error"] = error
    body["choices"] = [choice]

    def failed(_request: httpx.Request) -> httpx.Response:
        if ask.streams:
            return wire.sse(event(body), wire.DONE)(_request)
        return httpx.Response(200, json=body)

    providers.on(GROQ, failed)
    with pytest.raises(ProviderError) as caught:
        await ask(groq(max_retries=1))
    attempts = caught.value.attempts
    assert [attempt["billed"] for attempt in attempts] == ["yes"] * len(attempts)
    assert [attempt["cost_usd"] for attempt in attempts] == [0.25] * len(attempts)


@pytest.mark.parametrize("missing", ["prompt_tokens", "completion_tokens"])
def test_a_count_that_is_missing_follows_from_the_total(missing: str) -> None:
    counts = {name: value for name, value in COUNTS.items() if name != missing}
    expected = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
    assert parse(answer(usage=counts)).usage_metadata == expected
    assert parse(answer(usage={"total_tokens": 13})).usage_metadata is None
