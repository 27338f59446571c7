"""Long requests name their conversation where the provider's prompt cache is found by it."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from scout_adapters import (
    ScoutAzureOpenAIChatModel,
    ScoutOpenAIChatModel,
    ScoutRouterChatModel,
    ScoutXAIChatModel,
)
from scout_adapters.errors import InvalidRequest
from scout_adapters.testing import BadRequest, Emulator

LONG = "You answer questions about one very long document. " * 200
MODEL = "gpt-4.1-mini"
FIELD, HEADER = "prompt_cache_key", "x-grok-conv-id"
REFUSAL = BadRequest("Unrecognized request argument supplied: prompt_cache_key")


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


def openai(emulator: Emulator, **options: Any) -> ScoutOpenAIChatModel:
    settings = {"model": MODEL, "api_key": "sk-1", "transport": emulator.transport()}
    return ScoutOpenAIChatModel(**(settings | options))


def prompt(number: int = 0, system: str = LONG) -> list[Any]:
    return [SystemMessage(system), HumanMessage(f"Question {number}")]


def keys(emulator: Emulator) -> list[Any]:
    return [exchange.body.get(FIELD) for exchange in emulator.log]


def changes(message: Any) -> list[str]:
    return [
        text for text in message.response_metadata["scout"].get("changes", ()) if "added" in text
    ]


@pytest.mark.parametrize("responses", [False, True])
def test_turns_of_a_conversation_have_one_name_and_others_another(
    emulator: Emulator, responses: bool
) -> None:
    model = openai(emulator, use_responses_api=responses)
    answer = model.invoke(prompt())
    model.invoke([*prompt(), answer, HumanMessage("And now?")])
    model.invoke(prompt(1))
    first, second, other = keys(emulator)
    assert first == second != other
    assert len(bytes.fromhex(first)) == 12
    (change,) = changes(answer)
    assert change.startswith("prompt_cache_key added")


def test_streams_and_a_route_have_it_too(emulator: Emulator) -> None:
    entry = {"model": f"openai/{MODEL}", "api_key": "sk-1", "transport": emulator.transport()}
    model = ScoutRouterChatModel(models=[entry])
    list(model.stream(prompt()))
    model.invoke(prompt())
    assert len(set(keys(emulator))) == 1
    assert None not in keys(emulator)


def test_the_users_id_is_not_sent(emulator: Emulator) -> None:
    model = openai(emulator)
    for number in range(2):
        model.invoke(prompt(number), {"metadata": {"thread_id": "ada@example.com"}})
    assert len(set(keys(emulator))) == 1
    assert "ada" not in str([exchange.body for exchange in emulator.log])


@pytest.mark.parametrize(
    ("options", "system"),
    [
        ({}, "Be brief."),
        ({"key_affinity": "off"}, LONG),
        ({"model": "gpt-4o-mini", "base_url": "https://gateway.example/v1"}, LONG),
    ],
    ids=["short", "off", "another server"],
)
def test_none_is_added(emulator: Emulator, options: dict[str, Any], system: str) -> None:
    model = openai(emulator, **options)
    planned = model.explain(prompt(system=system)).chosen
    assert planned is not None
    assert not planned.changes


def test_a_name_of_the_users_own_stays(emulator: Emulator) -> None:
    answer = openai(emulator).invoke(prompt(), prompt_cache_key="mine")
    assert keys(emulator) == ["mine"]
    assert not changes(answer)


async def test_a_model_that_refuses_it_gets_none_from_then_on(emulator: Emulator) -> None:
    model = openai(emulator)
    emulator.script("openai", [REFUSAL])
    answer = await model.ainvoke(prompt())
    model.invoke(prompt(1))
    first, *later = keys(emulator)
    assert first
    assert later == [None, None]
    assert not changes(answer)


@pytest.mark.parametrize("system", ["Be brief.", LONG], ids=["without", "with a name"])
def test_a_refusal_that_changes_nothing_but_the_name_is_not_sent_again(
    emulator: Emulator, system: str
) -> None:
    model = openai(emulator)
    refusal = BadRequest("The encrypted content gAAA could not be verified.")
    emulator.script("openai", [refusal] * 2)
    for number in range(2):
        with pytest.raises(InvalidRequest, match="state_mismatch"):
            model.invoke(prompt(number, system))
    assert len(emulator.log) == 2


def test_azure_gets_none(emulator: Emulator) -> None:
    model = ScoutAzureOpenAIChatModel(
        model="gpt-4.1-mini", resource="here", api_key="k", transport=emulator.transport()
    )
    model.invoke(prompt())
    assert keys(emulator) == [None]


def test_xai_gets_a_header_and_over_responses_a_field(emulator: Emulator) -> None:
    settings: dict[str, Any] = {"model": "grok-4.3", "api_key": "xai-1"}
    settings["transport"] = emulator.transport()
    answer = ScoutXAIChatModel(**settings).invoke(prompt())
    ScoutXAIChatModel(**settings, use_responses_api=True).invoke(prompt())
    own = {HEADER: "mine"}
    ScoutXAIChatModel(**settings, default_headers=own).invoke(prompt())
    chat, responses, with_own = emulator.log
    assert chat.headers[HEADER] == responses.body[FIELD]
    assert FIELD not in chat.body
    assert HEADER not in responses.headers
    assert with_own.headers[HEADER] == "mine"
    assert changes(answer)[0].startswith("x-grok-conv-id added")
