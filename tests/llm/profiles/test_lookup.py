"""Profiles of single models: found by any of their names, narrowed to what travels."""

from __future__ import annotations

import warnings
from dataclasses import replace

import orjson
import pytest

from scout_adapters import (
    ProviderSpec,
    ScoutAnthropicChatModel,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutOllamaChatModel,
    ScoutOpenAIChatModel,
    init_scout_model,
    registry,
)
from scout_adapters.chat_models.providers import MODEL_CLASSES
from scout_adapters.llm.profiles.lookup import DATA, model_profile, published_profile, takes_schema
from scout_adapters.llm.wires import openai_chat
from tests.support.warm_process import WarmProcess

SHIPPED = sorted(file.stem for file in DATA.glob("*.json"))


@pytest.mark.parametrize("provider", SHIPPED)
def test_a_provider_with_data_has_the_window_of_its_default_model(provider: str) -> None:
    profile = published_profile(provider, registry.spec(provider).default_model)
    assert profile is not None
    assert profile["max_input_tokens"] >= 100_000
    assert profile["tool_calling"] is True


@pytest.mark.parametrize(
    ("provider", "model", "listed"),
    [
        ("anthropic", "claude-opus-4-6-20260205", "claude-opus-4-6"),
        ("openai", "gpt-4.1-2025-04-14", "gpt-4.1"),
        ("google", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("minimax", "MiniMax-M2.7", "minimax-m2.7"),
        ("openrouter", "openai/gpt-5-mini:nitro", "openai/gpt-5-mini"),
        ("openrouter", "anthropic/claude-opus-4.6:floor", "anthropic/claude-opus-4.6"),
    ],
)
def test_a_model_is_found_by_its_other_names(provider: str, model: str, listed: str) -> None:
    profile = published_profile(provider, model)
    assert profile is not None
    assert profile == published_profile(provider, listed)


def test_a_snapshot_that_is_listed_is_itself_and_not_its_alias() -> None:
    old, alias = (
        published_profile("openai", "gpt-4o-2024-05-13"),
        published_profile("openai", "gpt-4o"),
    )
    assert old is not None
    assert alias is not None
    assert old["max_output_tokens"] < alias["max_output_tokens"]


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-99"),
        ("openai", "gpt-4.1-enormous"),
        ("openai", ""),
        ("openrouter", "openai/gpt-5-mini:free"),  # another host, perhaps another window
        ("minimax", "MiniMax-M2.7-highspeed"),
        ("ollama", "gpt-4.1"),
        ("nobody", "gpt-4.1"),
    ],
)
def test_an_unknown_model_has_no_profile(provider: str, model: str) -> None:
    assert published_profile(provider, model) is None


def test_a_chat_model_has_the_profile_of_its_model_and_of_the_default_model() -> None:
    named = ScoutAnthropicChatModel(model="claude-haiku-4-5", api_key="k")
    assert named.profile is not None
    assert named.profile["max_input_tokens"] == 200_000
    assert ScoutAnthropicChatModel(api_key="k").profile == named.profile
    assert ScoutOllamaChatModel().profile is None


def test_a_profile_that_the_user_gives_stays_as_it_is() -> None:
    own = ScoutGroqChatModel(model="llama-3.1-8b-instant", profile={"max_input_tokens": 7})
    assert own.profile == {"max_input_tokens": 7}


def test_who_changes_a_profile_changes_his_own() -> None:
    first, second = (ScoutOpenAIChatModel(model="gpt-5.1-codex") for _ in range(2))
    assert first.profile is not None
    assert second.profile is not None
    first.profile["max_input_tokens"] = 1
    first.profile["reasoning_effort_levels"].clear()
    assert second.profile["max_input_tokens"] > 1
    assert published_profile("openai", "gpt-5.1-codex")["reasoning_effort_levels"]  # type: ignore[index]  # it is known


@pytest.mark.parametrize("provider", SHIPPED)
def test_no_shipped_profile_makes_core_warn(provider: str) -> None:
    model_class = MODEL_CLASSES[provider]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model in orjson.loads((DATA / f"{provider}.json").read_bytes())["models"]:
            assert model_class(model=model, api_key="k").profile is not None


def test_what_the_card_refuses_is_not_promised() -> None:
    published = published_profile("openai", "gpt-5-mini")
    assert published is not None
    assert published["pdf_inputs"] is True
    card = replace(
        registry.spec("openai"),
        dialect=openai_chat.ChatCompletionsDialect(refuses=frozenset({"file"})),
    )
    profile = model_profile(card, "gpt-5-mini")
    assert profile is not None
    assert profile["pdf_inputs"] is False
    assert profile["pdf_tool_message"] is False
    assert profile["image_inputs"] is True


def test_a_video_is_promised_where_the_wire_carries_it() -> None:
    seen = published_profile("openrouter", "google/gemini-2.5-flash")
    assert seen is not None
    assert seen["video_inputs"] is True
    for provider, carried in (("openrouter", True), ("groq", False)):
        card = replace(registry.spec(provider), name="openrouter")
        profile = model_profile(card, "google/gemini-2.5-flash")
        assert profile is not None
        assert profile["video_inputs"] is carried


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("anthropic/claude-haiku-4-5-20251001", True),  # the card has more facts than the data
        ("deepseek/deepseek-v4-flash", False),  # takes json_object only
        ("groq/openai/gpt-oss-120b", False),  # not beside tools
        ("google/gemini-2.5-flash", False),  # not beside tools
        ("google/gemini-3.5-flash", True),
        ("openai/gpt-5-mini", True),
        ("openai/gpt-4", False),
        ("openrouter/openai/gpt-5-mini", True),
        ("openrouter/google/gemini-2.5-flash", False),
        ("minimax/MiniMax-M2.7", False),
    ],
)
def test_structured_output_is_promised_where_a_schema_goes_beside_tools(
    model: str, takes: bool
) -> None:
    profile = init_scout_model(model).profile
    assert profile is not None
    assert profile["structured_output"] is takes


def test_models_from_before_schemas_get_tools_where_structure_is_asked_for() -> None:
    assert not takes_schema(registry.spec("openai"), "gpt-3.5-turbo")
    assert takes_schema(registry.spec("openai"), "gpt-4o")
    assert takes_schema(registry.spec("openai"), "a-model-of-tomorrow")
    assert takes_schema(registry.spec("groq"), "openai/gpt-oss-120b")


def test_a_registered_provider_brings_its_own_profiles() -> None:
    registry.register(
        ProviderSpec(
            name="nebula_with_profiles",
            docs="https://nebula.example/docs",
            wire=openai_chat.WIRE,
            base_url="https://api.nebula.example/v1",
            profiles={"large": {"max_input_tokens": 64_000, "video_inputs": True}},
        )
    )
    large = init_scout_model("nebula_with_profiles/large", api_key="k")
    assert large.profile == {"max_input_tokens": 64_000, "video_inputs": True}
    assert init_scout_model("nebula_with_profiles/small", api_key="k").profile is None


def test_importing_reads_no_profiles_and_a_model_only_those_of_its_provider(
    bare: WarmProcess,
) -> None:
    code = """
import builtins, io, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import scout_adapters
from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
assert not [name for name in opened if name.endswith(".json")], opened
ScoutGroqChatModel(model="llama-3.1-8b-instant"), ScoutGroqChatModel(model="other")
print([name.rpartition("/")[2] for name in opened if name.endswith(".json")])
"""
    assert bare.output(code).strip() == "['groq.json']"


def test_gemini_keeps_its_family_of_names() -> None:
    plain = ScoutGoogleChatModel(model="gemini-2.5-pro").profile
    assert plain == ScoutGoogleChatModel(model="models/gemini-2.5-pro").profile
