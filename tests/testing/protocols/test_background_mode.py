"""Responses in the background, as OpenAI's own client meets them in the emulator."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from scout_adapters.testing import Emulator
from tests.support.clock import Wall

REQUEST: Any = {"model": "gpt-6-luna", "input": "Hello", "background": True}


def client(emulator: Emulator, key: str = "k1") -> openai.OpenAI:
    http = httpx.Client(transport=emulator.transport())
    return openai.OpenAI(
        api_key=key, base_url=emulator.url("openai"), http_client=http, max_retries=0
    )


def test_a_response_is_queued_then_in_progress_then_complete() -> None:
    responses = client(Emulator(background_polls=3)).responses
    first = responses.create(**REQUEST)
    assert (first.status, first.background, first.output) == ("queued", True, [])
    polled = [responses.retrieve(first.id) for _ in range(4)]
    assert [each.status for each in polled] == ["in_progress"] * 2 + ["completed"] * 2
    assert {each.id for each in polled} == {first.id}
    assert "Hello" in polled[-1].output_text
    assert polled[-1].usage is not None


def test_a_cancelled_response_stays_so_and_a_complete_one_stays_complete() -> None:
    responses = client(Emulator(background_polls=1)).responses
    first, second = responses.create(**REQUEST), responses.create(**REQUEST)
    assert responses.cancel(first.id).status == "cancelled"
    assert responses.cancel(first.id).status == "cancelled"
    assert responses.retrieve(first.id).status == "cancelled"
    assert responses.retrieve(second.id).status == "completed"
    assert responses.cancel(second.id).status == "completed"


def test_unknown_ids_and_those_of_other_accounts_are_not_found() -> None:
    emulator = Emulator()
    first = client(emulator).responses.create(**REQUEST)
    whole = client(emulator).responses.create(model="gpt-6-luna", input="Hello", store=False)
    for key, name in (("k1", "resp_unknown"), ("k2", first.id), ("k1", whole.id)):
        for act in ("retrieve", "cancel"):
            with pytest.raises(openai.NotFoundError, match=f"Response with id '{name}' not found"):
                getattr(client(emulator, key).responses, act)(name)


@pytest.mark.parametrize(("store", "stays"), [(None, False), (False, False), (True, True)])
def test_a_response_can_be_fetched_for_ten_minutes_unless_it_is_stored(
    store: bool | None, stays: bool, wall: Wall
) -> None:
    responses = client(Emulator(background_polls=1, wall=wall)).responses
    stored = {} if store is None else {"store": store}
    first = responses.create(**REQUEST, **stored)
    wall.now += 599
    assert responses.retrieve(first.id).status == "completed"
    wall.now += 2
    if stays:
        assert responses.retrieve(first.id).status == "completed"
    else:
        with pytest.raises(openai.NotFoundError):
            responses.retrieve(first.id)


def test_a_deferred_answer_of_xai_can_be_fetched_once() -> None:
    emulator = Emulator()
    headers = {"authorization": "Bearer k1"}
    http = httpx.Client(transport=emulator.transport(), headers=headers)
    body = {
        "model": "grok-4.3",
        "messages": [{"role": "user", "content": "Hello"}],
        "deferred": True,
    }
    root = emulator.url("xai")
    first = http.post(f"{root}/chat/completions", json=body)
    assert first.json().keys() == {"request_id"}
    url = f"{root}/chat/deferred-completion/{first.json()['request_id']}"
    polled = [http.get(url) for _ in range(3)]
    assert [each.status_code for each in polled] == [202, 200, 404]
    assert polled[0].content == b""
    assert polled[1].json()["choices"]
    other = {"authorization": "Bearer k2"}
    assert http.get(url, headers=other).status_code == 404
    assert http.post(url).status_code == 404
