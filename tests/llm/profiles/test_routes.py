"""A router's profile: what one may rely on whichever of its candidates answers."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from pydantic import BaseModel
from typer.testing import CliRunner

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.cli import app
from scout_adapters.llm.profiles.lookup import common_profile
from scout_adapters.testing import ContextOverflow, Emulator, Exchange
from tests.support.weather import get_weather

FACTS = st.dictionaries(
    st.sampled_from(["max_input_tokens", "max_output_tokens", "tool_calling", "image_inputs"]),
    st.integers(min_value=1, max_value=9),
)
PROFILES = st.lists(
    FACTS.map(lambda facts: {k: v > 4 if k[0] in "ti" else v for k, v in facts.items()}),
    min_size=1,
    max_size=4,
)


def route(*models: Any, **options: Any) -> dict[str, Any] | None:
    return ScoutRouterChatModel(models=list(models), **options).profile


def test_the_smallest_window_and_what_all_can_do_is_the_routes() -> None:
    profile = route("anthropic/claude-haiku-4-5", "openai/gpt-4.1-mini", "xai/grok-4.3")
    assert profile is not None
    assert profile["max_input_tokens"] == 200_000
    assert profile["max_output_tokens"] == 30_000
    assert profile["tool_calling"] is True
    assert profile["temperature"] is True
    assert profile["reasoning_output"] is False
    assert "name" not in profile


def test_one_model_of_which_nothing_is_known_takes_all_limits_and_promises() -> None:
    profile = route("anthropic/claude-haiku-4-5", "ollama/llama3.2")
    assert profile is not None
    assert set(profile.values()) == {False}
    assert route("ollama/llama3.2") is None


def test_the_same_model_at_two_providers_keeps_its_name() -> None:
    profile = route("groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b")
    assert profile is not None
    assert "120B" in profile["name"]


def test_the_users_profile_of_an_entry_comes_first() -> None:
    haiku = "anthropic/claude-haiku-4-5"
    entry = {"model": "ollama/llama3.2", "profile": {"max_input_tokens": 8_000}}
    chat = ScoutGroqChatModel(model="x", profile={"max_input_tokens": 7_000})
    assert route(haiku, entry)["max_input_tokens"] == 8_000  # type: ignore[index]  # it is known
    assert route(haiku, chat)["max_input_tokens"] == 7_000  # type: ignore[index]  # it is known
    whole = route(haiku, entry, profile={"max_input_tokens": 6_000})
    assert whole == {"max_input_tokens": 6_000}


def test_an_entrys_profile_does_not_reach_the_provider() -> None:
    emulator = Emulator()
    with emulator.serve():
        entry = {"model": "groq/openai/gpt-oss-20b", "profile": {"max_input_tokens": 8_000}}
        url = emulator.url("groq")
        model = ScoutRouterChatModel(models=[{**entry, "api_key": "k", "base_url": url}])
        assert model.invoke("hi").text
    (request,) = emulator.log
    assert request.body.keys() == {"model", "messages"}


@given(PROFILES)
def test_a_route_promises_nothing_that_one_of_its_models_does_not(
    profiles: list[dict[str, Any]],
) -> None:
    common = common_profile(profiles) or {}
    for name, fact in common.items():
        values = [facts.get(name) for facts in profiles]
        if fact is False:
            assert False in values
        elif fact is True:
            assert set(values) == {True}
        else:
            assert None not in values
            assert fact == min(values)
    assert common_profile([common, *profiles]) == (common or None)
    assert common_profile(profiles[::-1]) == common_profile(profiles)


def test_levels_of_effort_are_those_that_all_have() -> None:
    levels = [{"reasoning_effort_levels": [*words]} for words in ("abc", "bca", "xcb")]
    assert common_profile(levels) == {"reasoning_effort_levels": ["b", "c"]}


def test_no_common_level_is_an_empty_list_and_an_unknown_one_is_none() -> None:
    levels = [{"reasoning_effort_levels": ["low"]}, {"reasoning_effort_levels": ["high"]}]
    assert common_profile(levels) == {"reasoning_effort_levels": []}
    assert common_profile([*levels, {}]) is None


class Weather(BaseModel):
    """The weather in a city."""

    city: str
    sunny: bool


def entry(emulator: Emulator, model: str) -> dict[str, Any]:
    url = emulator.url(model.partition("/")[0])
    return {"model": model, "api_key": "k", "base_url": url}


def requests_of_an_agent(*models: str) -> list[Exchange]:
    emulator = Emulator()
    with emulator.serve():
        model = ScoutRouterChatModel(models=[entry(emulator, name) for name in models])
        agent = create_agent(model, tools=[get_weather], response_format=Weather)
        agent.invoke({"messages": [("user", "What is the weather in Paris?")]})
    return emulator.log


def test_an_agent_sends_a_schema_if_every_candidate_takes_one() -> None:
    log = requests_of_an_agent("openai/gpt-5-mini", "anthropic/claude-haiku-4-5")
    assert log
    assert all(request.body["response_format"]["type"] == "json_schema" for request in log)


@pytest.mark.parametrize(
    "weakest",
    ["groq/openai/gpt-oss-120b", "google/gemini-2.5-flash", "deepseek/deepseek-v4-flash"],
)
def test_an_agent_uses_tools_if_a_candidate_takes_no_schema_beside_them(
    weakest: str,
) -> None:
    log = requests_of_an_agent("openai/gpt-5-mini", weakest)
    assert log
    assert not any("response_format" in request.body for request in log)
    assert all(len(request.body["tools"]) == 2 for request in log)


def test_an_overflow_skips_a_candidate_whose_window_is_no_larger_by_its_profile() -> None:
    emulator = Emulator(down={"openai": ContextOverflow()})
    route = ["openai/gpt-4o-mini", "mistral/open-mixtral-8x7b", "anthropic/claude-haiku-4-5"]
    with emulator.serve():
        model = ScoutRouterChatModel(models=[entry(emulator, name) for name in route])
        assert model.invoke("hi").text
    assert [exchange.provider for exchange in emulator.log] == ["openai", "anthropic"]


def test_fractions_of_a_routes_window_are_known_to_the_summarizer() -> None:
    model = ScoutRouterChatModel(models=["anthropic/claude-haiku-4-5", "openai/gpt-5-mini"])
    assert SummarizationMiddleware(model, trigger=("fraction", 0.8)).trigger == ("fraction", 0.8)
    unknown = ScoutRouterChatModel(models=["anthropic/claude-haiku-4-5", "ollama/llama3.2"])
    with pytest.raises(ValueError, match="profile"):
        SummarizationMiddleware(unknown, trigger=("fraction", 0.8))


@pytest.mark.parametrize(
    ("name", "code", "output"),
    [
        ("anthropic/claude-haiku-4-5,openai/gpt-4.1-mini", 0, "200000"),
        ("ollama/llama3.2", 1, "nothing is known"),
        ("nobody/llama", 1, "no provider"),
    ],
)
def test_the_command_line_shows_a_routes_profile(name: str, code: int, output: str) -> None:
    done = CliRunner().invoke(app, ["profile", name])
    assert done.exit_code == code
    assert output in done.output
