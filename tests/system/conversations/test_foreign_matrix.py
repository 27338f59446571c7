"""Conversations that go from our models to candidates of other packages, and back."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.support.partner_models import anthropic_over, partner_model
from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import (
    FORMS,
    MEDIA,
    QUESTION,
    SYSTEM,
    TAKES,
    TOOLS,
    Way,
    answers,
    ask,
    results,
    sent,
)
from tests.system.conversations.histories import MODELS as OURS
from tests.system.conversations.maker_data import leaks
from tests.system.conversations.sdks import complaints

THINKING = {"type": "enabled", "budget_tokens": 1024}
FOREIGN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "anthropic": ("claude-haiku-4-5", {"thinking": THINKING, "max_tokens": 2048}),
    "bedrock": (
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        {"additional_model_request_fields": {"thinking": THINKING}, "max_tokens": 2048},
    ),
    "google": ("gemini-3.5-flash", {"include_thoughts": True}),
    "openai": ("gpt-5-mini", {"reasoning_effort": "low"}),
}
"""Providers whose own package answers: model and options."""

UNSIGNED = "unsigned first call"
"""langchain-google-genai signs calls since the user last spoke; the emulator checks those too."""

CALLS, ANSWER = 0, 1
"""Places at which a conversation goes on: in the middle of its calls, and after them."""

KEY = "key-0123456789abcdef"


def rotated(first: Any, second: Any) -> list[Any]:
    """Return every pair with a form and a place in the conversation, each in turn."""
    pairs = itertools.product(first, second)
    kinds = list(itertools.product(FORMS, (CALLS, ANSWER)))
    return [(*pair, *kinds[number * 3 % len(kinds)]) for number, pair in enumerate(pairs)]


def foreign(provider: str, emulator: Emulator, **options: Any) -> Any:
    model, own = FOREIGN[provider]
    candidate = partner_model(provider, model, KEY, emulator.transport(), **own)
    router = ScoutRouterChatModel(models=[candidate], max_retries=0, **options)
    return router.bind_tools(TOOLS)


@functools.cache
def foreign_answers(provider: str, way: Way, version: str) -> tuple[AIMessage, AIMessage]:
    """Return two parallel calls of another package's model, and its answer after them."""
    emulator = Emulator()
    with anthropic_over(emulator.transport()):
        model = foreign(provider, emulator, output_version=version)
        begun = [SYSTEM, HumanMessage(QUESTION)]
        calls = ask(model, begun, way)
        return calls, ask(model, [*begun, calls, *results(calls)], way)


def continued(
    calls: AIMessage, answer: AIMessage, takes: frozenset[str]
) -> list[list[BaseMessage]]:
    """Return a conversation in the middle of its calls, and after them."""
    media = [MEDIA[kind] for kind in sorted(takes)]
    question = HumanMessage([{"type": "text", "text": QUESTION}, *media])
    begun = [SYSTEM, question, calls, *results(calls, shown="image" in takes)]
    return [begun, [*begun, answer, HumanMessage("And in London?")]]


def sent_by_package(target: str, messages: list[BaseMessage]) -> dict[str, Any]:
    """Send a conversation on through a package; the emulator must accept what it sends."""
    emulator = Emulator()
    with anthropic_over(emulator.transport()):
        foreign(target, emulator).invoke(messages)
    (exchange,) = emulator.log
    assert exchange.status == 200
    return exchange.body


@pytest.mark.parametrize(("maker", "target", "form", "place"), rotated(OURS, FOREIGN))
def test_what_our_models_began_goes_on_at_another_package(maker, target, form, place) -> None:
    takes = TAKES.get(target, frozenset(MEDIA))
    messages = continued(*answers(maker, *form), takes)[place]
    body = sent_by_package(target, messages)
    if target != "bedrock":  # botocore has judged it
        assert complaints(target, body) == []
        assert [reason for reason in refused(target, body) if UNSIGNED not in reason] == []
    assert target == maker or leaks(messages, body) == []


@pytest.mark.parametrize(("maker", "target", "form", "place"), rotated(FOREIGN, OURS))
def test_what_another_package_began_as_a_candidate_goes_on_at_ours(
    maker, target, form, place
) -> None:
    messages = continued(*foreign_answers(maker, *form), TAKES[target])[place]
    body = sent(target, messages)
    assert complaints(target, body) == []
    assert refused(target, body) == []
    assert target == maker or leaks(messages, body) == []


@pytest.mark.parametrize("target", FOREIGN)
@pytest.mark.parametrize("maker", FOREIGN)
def test_what_one_package_began_goes_on_at_another(maker, target) -> None:
    messages = continued(*foreign_answers(maker, "streamed", "v1"), frozenset(MEDIA))[CALLS]
    body = sent_by_package(target, messages)
    assert target == maker or leaks(messages, body) == []
