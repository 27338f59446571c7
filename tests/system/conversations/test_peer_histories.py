"""Histories that the official packages began, and those that come back from a checkpoint."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.load import dumps, loads
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    messages_from_dict,
    messages_to_dict,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from scout_adapters.testing import Emulator
from tests.system.conversations import peers
from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import (
    FORMS,
    MODELS,
    QUESTION,
    conversations,
    results,
    sent,
)
from tests.system.conversations.maker_answers import SECRETS
from tests.system.conversations.maker_data import leaks
from tests.system.conversations.sdks import complaints

Called = Callable[..., AIMessage]
SERDE = JsonPlusSerializer()
CHECKPOINTS = {
    "langgraph": lambda messages: SERDE.loads_typed(SERDE.dumps_typed(messages)),
    "dicts": lambda messages: messages_from_dict(
        json.loads(json.dumps(messages_to_dict(messages)))
    ),
    "loads": lambda messages: loads(dumps(messages), allowed_objects="messages"),
    "models": lambda messages: [
        type(one).model_validate(json.loads(one.model_dump_json())) for one in messages
    ],
}


@pytest.fixture(scope="module")
def called() -> Iterator[Called]:
    emulator = Emulator()
    with emulator.serve():
        yield functools.cache(functools.partial(peers.called, emulator))


def goes_on(target: str, answer: AIMessage, **options: Any) -> dict[str, Any]:
    """Send the answer on with its results, and judge what was sent."""
    messages: list[BaseMessage] = [HumanMessage(QUESTION), answer, *results(answer)]
    body = sent(target, messages, **options)
    assert complaints(target, body) == []
    assert refused(target, body) == []
    return body


@pytest.mark.parametrize("form", FORMS, ids="-".join)
@pytest.mark.parametrize("target", MODELS)
@pytest.mark.parametrize("peer", peers.PEERS)
def test_what_an_official_package_began_goes_on(peer, target, form, called) -> None:
    answer = called(peer, *form)
    assert len(answer.tool_calls) == 2
    body = goes_on(target, answer)
    assert peer == target or leaks([answer], body) == []


@pytest.mark.parametrize("peer", ["anthropic", "google", "openrouter"])
@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_what_an_official_package_kept_for_the_maker_goes_back_to_it(peer, form, called) -> None:
    answer = called(peer, *form)
    marks = {"anthropic": '"signature"', "google": '"thoughtSignature"', "openrouter": "reasoning"}
    text = json.dumps(goes_on(peer, answer))
    assert marks[peer] in text
    assert "skip_thought_signature_validator" not in text


@pytest.mark.parametrize("version", ["v0", "responses/v1", "v1"])
@pytest.mark.parametrize("target", MODELS)
def test_what_openais_responses_began_goes_on(target, version) -> None:
    body = goes_on(target, peers.responses(version))
    text = json.dumps(body)
    assert [secret for secret in SECRETS if secret in text] == []
    assert not {"rs_1", "ws_1", "msg_1", "fc_6"} & set(text.replace('"', " ").split())


@pytest.mark.filterwarnings("ignore:The function `loads` is in beta")
@pytest.mark.parametrize("form", [("whole", "v0"), ("streamed", "v1")], ids="-".join)
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("maker", MODELS)
def test_a_history_that_comes_back_from_a_checkpoint_is_sent_as_before(
    maker, checkpoint, form
) -> None:
    for target in {maker, "anthropic", "google", "openai"}:
        *_, (_, messages) = conversations(maker, target, *form)
        again = CHECKPOINTS[checkpoint](messages)
        assert sent(target, again) == sent(target, messages)
