"""Addresses and model names, and the URL that they make."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.errors import ConfigurationError, InvalidModelName, UnknownProvider
from scout_adapters.llm.providers import registry
from scout_adapters.llm.transport.http_transport import Transport
from tests.support.fake_http import GROQ


def url_of(model_class: Any, model: str, base_url: str | None, *, stream: bool = False) -> str:
    chat_model = model_class(model=model, base_url=base_url, api_key="k")
    line = chat_model.client.endpoint.adapter
    return str(line._url(line.spec.wire, model, stream))


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, "https://api.groq.com/openai/v1/chat/completions"),
        ("https://h", "https://h/v1/chat/completions"),
        ("https://h/", "https://h/v1/chat/completions"),
        ("https://h/openai", "https://h/openai/v1/chat/completions"),
        ("https://h/openai/v1", "https://h/openai/v1/chat/completions"),
        ("https://h/openai/v1/", "https://h/openai/v1/chat/completions"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/v1/chat/completions/", "https://h/v1/chat/completions"),
        ("https://h/v1?api-version=2", "https://h/v1/chat/completions?api-version=2"),
        ("https://h/x/chat/completions?a=b", "https://h/x/chat/completions?a=b"),
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions"),
        # https://ai.google.dev/gemini-api/docs/openai
        ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
    ],
)
def test_base_url_is_a_root_a_versioned_root_or_the_endpoint(
    base_url: str | None, expected: str
) -> None:
    assert url_of(ScoutGroqChatModel, "m", base_url) == expected


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "https://generativelanguage.googleapis.com",
        "https://generativelanguage.googleapis.com/v1beta",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent",
        "https://generativelanguage.googleapis.com/v1beta/models/y:streamGenerateContent?alt=sse",
    ],
)
def test_gemini_takes_every_form_of_its_address(base_url: str | None) -> None:
    root = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash"
    model_class, model = ScoutGoogleChatModel, "gemini-2.5-flash"
    assert url_of(model_class, model, base_url) == f"{root}:generateContent"
    assert (
        url_of(model_class, model, base_url, stream=True) == f"{root}:streamGenerateContent?alt=sse"
    )


def test_anthropic_takes_its_root_and_its_endpoint() -> None:
    for base_url in (None, "https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"):
        url = url_of(ScoutAnthropicChatModel, "claude-haiku-4-5", base_url)
        assert url == "https://api.anthropic.com/v1/messages"


def test_a_query_of_geminis_address_is_kept_beside_its_own() -> None:
    url = url_of(ScoutGoogleChatModel, "m", "https://h/v1beta?tenant=7", stream=True)
    assert url == "https://h/v1beta/models/m:streamGenerateContent?tenant=7&alt=sse"


@pytest.mark.parametrize("base_url", ["api.groq.com/v1", "ftp://h/v1", "https://", "h"])
async def test_an_address_without_scheme_or_host_is_refused_before_any_request(
    base_url: str, providers, groq, ask
) -> None:
    with pytest.raises(ConfigurationError):
        await ask(groq(base_url=base_url))
    assert providers.requests == []


async def test_the_address_comes_from_the_environment(
    providers, wire, groq, ask, monkeypatch
) -> None:
    monkeypatch.setenv("GROQ_API_URL", "https://proxy.example/v1/chat/completions ")
    providers.on("proxy.example", wire.say())
    await ask(groq())
    assert str(providers.requests[0].url) == "https://proxy.example/v1/chat/completions"


BAD_NAMES = ["../x", "a/../b", "a?key=1", "a%2fb", "a#b", "a b", "a\nb", "a//b", "?", "a\\b", "é"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("way", ["model", "call", "route", "init", "call_llm", "client"])
async def test_a_models_name_that_could_change_the_url_is_refused_before_any_request(
    way, name, providers, wire, monkeypatch, time
) -> None:
    from scout_adapters.llm import call_llm

    monkeypatch.setenv("GOOGLE_API_KEY", "k")
    providers.on("generativelanguage.googleapis.com", wire.say())
    common = {"transport": providers.transport, "clock": time.clock}

    async def attempt() -> None:
        match way:
            case "model":
                ScoutGoogleChatModel(model=name, **common).invoke("hi")
            case "call":
                ScoutGoogleChatModel(**common).invoke("hi", model=name)
            case "route":
                ScoutRouterChatModel(models=[f"google/{name}"]).invoke("hi")
            case "init":
                init_scout_model(f"google/{name}", **common).invoke("hi")
            case "call_llm":
                await call_llm("hi", provider="google", model=name)
            case "client":
                transport = Transport(providers.transport)
                client = registry.client("google", api_keys=("k",), transport=transport)
                await client.call(model=name, prompt="hi")

    with pytest.raises((InvalidModelName, ValidationError, UnknownProvider)) as caught:
        await attempt()
    assert providers.requests == []
    assert "google" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["meta-llama/Llama-3.3-70B", "gpt-oss:20b", "ft:gpt-4o:org::id", "x@001"]
)
async def test_usual_model_names_pass(name: str, providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.say())
    await ask(groq(model=name))
    assert providers.bodies[0]["model"] == name
