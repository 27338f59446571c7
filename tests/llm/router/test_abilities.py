"""Candidates whose profile lacks an ability that a request needs come last."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from scout_adapters import ScoutRouterChatModel
from scout_adapters.llm.profiles.lookup import published_profile
from tests.support.weather import get_weather

TEXT, ABLE = "groq/llama-3.1-8b-instant", "openai/gpt-4o-mini"
PICTURE = {"type": "image", "url": "https://a.example/p.png"}
URL = {"type": "image_url", "image_url": {"url": "https://a.example/p.png"}}
TOOLS = {"tools": [convert_to_openai_tool(get_weather)]}
LONG = "word " * 140_000


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROQ", "OPENAI", "DEEPSEEK"):
        monkeypatch.setenv(f"{name}_API_KEY", f"key-of-{name}")


def rows(first: str, text: Any, **options: Any) -> list[Any]:
    return [*ScoutRouterChatModel(models=[first, ABLE]).explain(text, **options)]


@pytest.mark.parametrize(
    ("first", "text", "options", "reason"),
    [
        (TEXT, [HumanMessage([PICTURE])], {}, "no images"),
        (TEXT, [HumanMessage(["see", URL])], {}, "no images"),
        ("groq/allam-2-7b", "hi", TOOLS, "no tools"),
        ("groq/allam-2-7b", LONG[:60_000], {}, "a window of"),
    ],
)
def test_an_unable_candidate_comes_last_and_explain_shows_it(
    first: str, text: Any, options: Any, reason: str
) -> None:
    chosen, last = rows(first, text, **options)
    assert f"{chosen.provider}/{chosen.model}" == ABLE
    assert f"{last.provider}/{last.model}" == first
    assert last.reason.startswith("tried last: its profile has ")
    assert reason in last.reason
    assert chosen.reason is None


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("hi", {}),
        ([HumanMessage([{"type": "text", "text": "hi"}])], {}),
        ("hi", TOOLS),
        (LONG[:40_000], {}),
    ],
)
def test_the_order_stays_where_the_first_is_able(text: Any, options: Any) -> None:
    chosen, last = rows(TEXT, text, **options)
    assert f"{chosen.provider}/{chosen.model}" == TEXT
    assert (chosen.reason, last.reason) == (None, None)


def test_the_order_stays_where_all_are_unable() -> None:
    sound = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}
    text = [HumanMessage([sound])]
    models = [TEXT, "groq/llama-3.3-70b-versatile"]
    order = [row.model for row in ScoutRouterChatModel(models=models).explain(text)]
    assert order == ["llama-3.1-8b-instant", "llama-3.3-70b-versatile"]


def test_a_single_model_is_called_whatever_its_profile(groq, providers, wire) -> None:
    assert (published_profile("groq", "llama-3.1-8b-instant") or {})["image_inputs"] is False
    providers.on("api.groq.com", wire.say())
    model = groq(model="llama-3.1-8b-instant")
    assert model.invoke([HumanMessage([PICTURE, {"type": "text", "text": "?"}])]).text == "hello"


async def test_a_call_tries_the_able_candidate_first(providers, wire, router, ask) -> None:
    providers.on("api.openai.com", wire.say("seen"))
    message = await ask(router(TEXT, ABLE), [HumanMessage(["see", PICTURE])])
    assert (message.text, providers.hosts) == ("seen", ["api.openai.com"])


async def test_the_unable_one_is_asked_where_all_others_fail(providers, wire, router, ask) -> None:
    providers.on("api.openai.com", wire.refuse(500))
    providers.on("api.groq.com", wire.say("tried"))
    model = router(TEXT, ABLE, max_retries=0)
    message = await ask(model, [HumanMessage(["see", PICTURE])])
    assert (message.text, providers.hosts[-1]) == ("tried", "api.groq.com")
