"""Rules send calls to candidates by tag, user, size and what they need."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.strategies import RoutingRule, cache, rules
from scout_adapters.testing import Emulator, ServerError

OPENAI, GROQ, GOOGLE = "openai/gpt-4.1-mini", "groq/openai/gpt-oss-120b", "google/gemini-2.5-flash"
PICTURE = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


def router(emulator: Emulator, *rows: Any, **options: Any) -> ScoutRouterChatModel:
    transport = emulator.transport()
    entries = [
        {"model": name, "api_key": "k", "transport": transport} for name in (OPENAI, GROQ, GOOGLE)
    ]
    return ScoutRouterChatModel(models=entries, strategy=rules(rows, **options), max_retries=0)


def provider_of(model: Any, prompt: Any = "Hello", **config: Any) -> str:
    """Return the provider that answers a call, which is the one that `explain` names."""
    planned = model.explain(prompt, config).chosen
    answer = model.invoke(prompt, config)
    provider: str = answer.response_metadata["scout"]["provider"]
    assert planned.provider == provider
    return provider


def test_the_first_rule_that_a_call_meets_decides(emulator: Emulator) -> None:
    model = router(
        emulator,
        RoutingRule(tag=["bulk", "night"], use="groq"),
        RoutingRule(user="ada", use=GOOGLE),
        {"tag": "bulk", "use": GOOGLE},
    )
    assert provider_of(model) == "openai"
    assert provider_of(model, tags=["night"]) == "groq"
    assert provider_of(model, tags=["bulk"], metadata={"user_id": "ada"}) == "groq"
    assert provider_of(model, metadata={"user": "ada"}) == "google"
    assert provider_of(model, metadata={"user": "bob"}) == "openai"


def test_size_decides(emulator: Emulator) -> None:
    model = router(
        emulator,
        RoutingRule(max_tokens=100, use="groq"),
        RoutingRule(min_tokens=1000, use="gemini-2.5-flash"),
    )
    assert [provider_of(model, "x" * 4 * tokens) for tokens in (100, 101, 999, 1000)] == [
        *("groq", "openai", "openai", "google")
    ]


def test_what_a_request_needs_decides(emulator: Emulator) -> None:
    model = router(
        emulator,
        RoutingRule(needs=["image", "tools"], use="openai"),
        RoutingRule(needs="image", use="google"),
        RoutingRule(use="groq"),
    )
    picture = [HumanMessage([{"type": "text", "text": "What is it?"}, PICTURE])]
    assert provider_of(model) == "groq"
    assert provider_of(model, picture) == "google"
    tool = {"type": "function", "function": {"name": "t", "parameters": {"type": "object"}}}
    answer = model.invoke(picture, tools=[tool])
    assert answer.response_metadata["scout"]["provider"] == "openai"


def test_the_others_follow_in_their_order_or_not_at_all(emulator: Emulator) -> None:
    model = router(
        emulator,
        RoutingRule(tag="two", use=["google", "groq"]),
        RoutingRule(tag="one", use="google", only=True),
    )
    emulator.down = {"google": ServerError(), "groq": ServerError()}
    model.invoke("Hello", {"tags": ["two"]})
    assert [exchange.provider for exchange in emulator.log] == ["google", "groq", "openai"]
    left_out = [row for row in model.explain("Hello", {"tags": ["one"]}) if row.reason]
    assert {row.reason for row in left_out} == {"the strategy leaves it out"}
    assert {row.provider for row in left_out} == {"openai", "groq"}


def test_calls_without_a_rule_take_the_order_of_otherwise(emulator: Emulator) -> None:
    model = router(emulator, RoutingRule(tag="x", use=OPENAI), otherwise="cheapest")
    assert provider_of(model) == "groq"
    model = router(emulator, RoutingRule(tag="x", use=OPENAI), otherwise=lambda c, _: c[::-1])
    assert provider_of(model) == "google"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tags": "a", "use": "groq"}, "no tags=; did you mean tag=?"),
        ({"model": "a", "use": "groq"}, "no model=; use use, tag"),
        ({"tag": "a"}, "needs use="),
        ({"use": []}, "needs use="),
        ({"use": "groq", "needs": "picture"}, "needs='picture': use tools, schema, image"),
        ({"use": "groq", "min_tokens": -1}, "min_tokens=-1"),
        ({"use": "groq", "min_tokens": "many"}, "min_tokens='many'"),
        ({"use": "groq", "min_tokens": 9, "max_tokens": 8}, "below min_tokens"),
        ({"use": "groq", "tag": 7}, "tag=7"),
        ({"use": "groq", "user": ["ada", None]}, "write a text or a list"),
        ("groq", "takes no str"),
    ],
)
def test_a_condition_that_no_call_can_meet_is_refused(row: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("?", r"\?")):
        rules([row])


@pytest.mark.parametrize("rows", [[], {}, "groq", None])
def test_something_else_than_rules_is_refused(rows: Any) -> None:
    with pytest.raises(ConfigurationError, match="list of at least one rule"):
        rules(rows)


def test_a_rule_that_names_no_candidate_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match=r"'grok'; the candidates are openai/gpt-4.1-mini"):
        router(emulator, RoutingRule(use=["groq", "grok"])).invoke("Hello")


@pytest.mark.parametrize(
    "outer", [cache, lambda inner: rules([RoutingRule(use="groq")], otherwise=inner)]
)
def test_so_is_one_within_another_strategy(emulator: Emulator, outer: Any) -> None:
    model = router(emulator, RoutingRule(tag="a", use="groq"))
    nested = model.model_copy(update={"strategy": outer(rules([RoutingRule(use="grok")]))})
    with pytest.raises(ConfigurationError, match="'grok'; the candidates are"):
        nested.invoke("Hello")


def test_an_unknown_order_for_the_other_calls_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'best' is unknown"):
        rules([RoutingRule(use="groq")], otherwise="best")  # type: ignore[arg-type]  # the test
