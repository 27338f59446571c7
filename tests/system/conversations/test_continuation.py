"""A conversation begun at any provider goes on at any other: every ordered pair of them."""

from __future__ import annotations

import pytest
from langchain_core.messages import BaseMessage, HumanMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import UnsupportedContent
from scout_adapters.testing import Emulator
from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import (
    FORMS,
    MODELS,
    PAIRS,
    PAPER,
    PICTURE,
    answers,
    conversations,
    results,
    router,
    sent,
)
from tests.system.conversations.maker_data import leaks
from tests.system.conversations.sdks import complaints


@pytest.mark.parametrize("form", FORMS, ids="-".join)
@pytest.mark.parametrize(("maker", "target"), PAIRS, ids=str)
def test_a_conversation_begun_at_one_goes_on_at_the_other(maker, target, form) -> None:
    for name, messages in conversations(maker, target, *form):
        options = {} if name == "impatient" else {"reasoning_effort": "medium"}
        body = sent(target, messages, **options)
        assert complaints(target, body) == [], name
        assert refused(target, body) == [], name
        assert maker == target or leaks(messages, body) == [], name


@pytest.mark.parametrize("form", FORMS, ids="-".join)
@pytest.mark.parametrize("target", MODELS)
def test_a_conversation_that_went_from_hand_to_hand_goes_on(target, form) -> None:
    messages: list[BaseMessage] = []
    for maker in MODELS:
        calls, answer = answers(maker, *form)
        messages += [HumanMessage("Again."), calls, *results(calls), answer]
    messages.append(HumanMessage("Thanks."))
    body = sent(target, messages, reasoning_effort="medium")
    assert complaints(target, body) == []
    assert refused(target, body) == []
    maker = OWN.get(target, target)
    own = [one for one in messages if one.response_metadata.get("model_provider") == maker]
    others = [one for one in messages if one not in own]
    # The emulator's models think alike: what the target itself thought may be told.
    assert set(leaks(others, body)) <= set(leaks(own, body))


OWN = {"google": "google_genai", "mistral": "mistralai"}


@pytest.mark.parametrize(
    ("target", "block"),
    [("deepseek", PICTURE), ("deepseek", PAPER), ("groq", PAPER), ("minimax", PAPER)],
    ids=["picture-deepseek", "paper-deepseek", "paper-groq", "paper-minimax"],
)
def test_what_one_cannot_be_shown_is_shown_to_the_next(target, block) -> None:
    emulator = Emulator()
    messages = [HumanMessage([{"type": "text", "text": "Look."}, block])]
    with pytest.raises(UnsupportedContent, match=rf"message 0 \(user\).*{target} accepts no"):
        router(target, emulator).invoke(messages)
    entries = [
        {"model": f"{name}/{MODELS[name]}", "api_key": "k", "transport": emulator.transport()}
        for name in (target, "openai")
    ]
    ScoutRouterChatModel(models=entries).invoke(messages)
    assert [exchange.provider for exchange in emulator.log] == ["openai"]
