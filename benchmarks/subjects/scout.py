"""Ours: one chat model of a provider, and the router over three providers with five keys each."""

from __future__ import annotations

from functools import partial
from typing import Any

from canned.answers import MODEL

import scout_adapters
from subjects import Setup, Subject, of_model
from subjects.handlers import handlers_of

ROUTE = (f"openai/{MODEL}", "groq/openai/gpt-oss-120b", "mistral/mistral-small-latest")
RESPONSES_ROUTE = (f"openai/{MODEL}", "xai/grok-4.3", "openai/gpt-4.1-mini")


def make(setup: Setup) -> Subject:
    """Set up the model that the setup names, with its handlers in the config of every call."""
    construct = partial(MAKERS.get(setup.name, router), setup)
    handlers = handlers_of(setup)
    config = {"callbacks": [handler for handler, _ in handlers]} if handlers else None
    calls = [count for _, count in handlers if count is not None]
    return of_model(setup, construct, config=config, counts=lambda: [count() for count in calls])


def keys_of(setup: Setup, owner: str) -> list[str]:
    """Return the keys of one provider."""
    return [f"sk-{owner}-{number:06d}-0123456789abcdef" for number in range(setup.keys)]


def router(setup: Setup) -> scout_adapters.ScoutRouterChatModel:
    """Make the router."""
    entries = [entry(setup, number) for number in range(setup.candidates)]
    return scout_adapters.ScoutRouterChatModel(models=entries, strategy=setup.strategy)  # type: ignore[arg-type]  # a name


def entry(setup: Setup, number: int) -> dict[str, Any]:
    """Return an entry of the route; from the fourth on the models are unknown ones."""
    responses = setup.name == "router-responses"
    route = RESPONSES_ROUTE if responses else ROUTE
    name = route[number % len(route)] + ("" if number < len(route) else f"-{number}")
    keys = keys_of(setup, name.partition("/")[0])
    fields: dict[str, Any] = {"model": name, "api_keys": keys, "base_url": f"{setup.root}/v1"}
    if responses:
        fields["use_responses_api"] = True
    if setup.name == "router-handed-aiohttp":
        from subjects.overaiohttp import unlimited_transport  # noqa: PLC0415  # the extra's

        fields["transport"] = unlimited_transport()
    return fields


def single(setup: Setup) -> scout_adapters.ScoutOpenAIChatModel:
    """Return the chat model of OpenAI."""
    more = {"use_responses_api": True} if setup.name == "single-responses" else {}
    keys = keys_of(setup, "openai")
    root = f"{setup.root}/v1"
    return scout_adapters.ScoutOpenAIChatModel(model=MODEL, api_keys=keys, base_url=root, **more)


def anthropic(setup: Setup) -> scout_adapters.ScoutAnthropicChatModel:
    """Return the chat model of Anthropic."""
    keys = keys_of(setup, "anthropic")
    root = f"{setup.root}/v1"
    name = "claude-haiku-4-5"
    return scout_adapters.ScoutAnthropicChatModel(model=name, api_keys=keys, base_url=root)


MAKERS: dict[str, Any] = {
    "single": single,
    "single-responses": single,
    "scout-anthropic": anthropic,
}
