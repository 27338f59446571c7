"""Candidates whose profile lacks an ability that a request needs come last."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters.errors import ProviderError
from scout_adapters.llm.profiles.lookup import published_profile
from scout_adapters.testing import Emulator
from tests.support.weather import get_weather

CLAUDE, GEMINI = "anthropic/claude-haiku-4-5", "google/gemini-3-flash-preview"
TEXT, ABLE = "groq/llama-3.1-8b-instant", "openai/gpt-4o-mini"
PICTURE = {"type": "image", "url": "https://a.example/p.png"}
URL = {"type": "image_url", "image_url": {"url": "https://a.example/p.png"}}
TOOLS = {"tools": [convert_to_openai_tool(get_weather)]}
LONG = "word " * 140_000
MEDIA = {"type": "media", "mime_type": "image/png", "data": "AAAA"}
CALL = {"name": "f", "args": {"x": LONG[:60_000]}, "id": "1"}
CALLED = [HumanMessage("?"), AIMessage("", tool_calls=[CALL]), ToolMessage("k", tool_call_id="1")]
WORDY = [convert_to_openai_tool({"title": "f", "description": LONG[:60_000], "properties": {}})]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROQ", "OPENAI", "DEEPSEEK", "ANTHROPIC", "GEMINI"):
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
        (TEXT, [HumanMessage([MEDIA])], {}, "no images"),
        ("groq/allam-2-7b", CALLED, {}, "a window of"),
        ("groq/allam-2-7b", "hi", {"tools": WORDY}, "a window of"),
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


SERVER_TOOLS = [
    ({"type": "web_search_20250305", "name": "web_search"}, CLAUDE, "groq/llama-3.1-8b-instant"),
    ({"type": "web_search_20250305", "name": "web_search"}, CLAUDE, "openai/gpt-5.5"),
    ({"type": "tool_search_tool_regex_20251119", "name": "t"}, CLAUDE, GEMINI),
    ({"google_search": {}}, GEMINI, CLAUDE),
    ({"code_execution": {}}, GEMINI, "openai/gpt-4o-mini"),
    ({"type": "web_search"}, "openai/gpt-5.5", CLAUDE),
    ({"type": "image_generation"}, "openai/gpt-5.5", GEMINI),
    ({"type": "browser_search"}, "groq/openai/gpt-oss-120b", CLAUDE),
]


@pytest.mark.parametrize(("server_tool", "able", "first"), SERVER_TOOLS)
async def test_a_tool_that_one_api_has_goes_there_first(
    server_tool: dict[str, Any], able: str, first: str
) -> None:
    emulator = Emulator()
    entries = [{"model": name, "transport": emulator.transport()} for name in (first, able)]
    model = ScoutRouterChatModel(models=entries)
    chosen, last = model.explain("hi", tools=[server_tool])
    assert f"{chosen.provider}/{chosen.model}" == able
    named = server_tool.get("type") or next(iter(server_tool))
    assert last.reason == f"tried last: its API has no tool {named!r}"
    assert model.bind_tools([server_tool]).invoke("hi").text
    assert [exchange.status for exchange in emulator.log] == [200]


@pytest.mark.parametrize(("server_tool", "able", "first"), SERVER_TOOLS)
def test_a_provider_refuses_the_tool_of_another(
    server_tool: dict[str, Any], able: str, first: str
) -> None:
    emulator = Emulator()
    for name in (first, able):
        model = init_scout_model(name, transport=emulator.transport(), max_retries=0)
        with suppress(ProviderError):
            model.bind_tools([server_tool]).invoke("hi")
    assert [exchange.status for exchange in emulator.log] == [400, 200]


def test_the_tools_of_another_packages_model_are_not_compared() -> None:
    emulator = Emulator()
    entry = {"model": CLAUDE, "transport": emulator.transport()}
    model = ScoutRouterChatModel(
        models=[ChatOpenAI(model="gpt-5.5", api_key=SecretStr("k")), entry]
    )
    tool = {"type": "web_search_20250305", "name": "web_search"}
    assert [row.reason for row in model.explain("hi", tools=[tool])] == [None, None]


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
