"""`call_llm` and the functions of single providers: prompt in, priced answer out, no LangChain."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from scout_adapters.errors import NoKeyError
from scout_adapters.llm.adapters.results import LLMResponse, ProviderResult
from scout_adapters.llm.engine.audit_rows import environment_audit
from scout_adapters.llm.engine.calls import acomplete
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.client import as_result
from scout_adapters.llm.providers.urls import check_model
from scout_adapters.llm.router.lookup_files import read_lookup_files
from scout_adapters.llm.router.route import Route
from scout_adapters.llm.types import ChatRequest


class ProviderFunction(Protocol):
    """The signature of `call_groq_async` and the other provider functions."""

    def __call__(
        self,
        prompt: str,
        model: str | None = None,
        system: str | None = None,
        max_tokens: int = 500,
        temperature: float | None = None,
    ) -> Awaitable[LLMResponse]: ...


async def call_llm(
    prompt: str,
    *,
    model: str | None = None,
    provider: str | None = None,
    system: str | None = None,
    max_tokens: int = 500,
    temperature: float | None = None,
) -> LLMResponse:
    """Send a prompt and return the priced answer.

    `model` is `"provider/model"`, or a bare name that a provider claims. Without `model` and
    `provider`, every registered provider with a key is a candidate, with its default model, in the
    order of registration. Keys come from the environment.

    Raises:
        NoKeyError: no key is configured.
        ConfigurationError: the provider or model is not valid.
        ProviderError: the last attempt failed; `error.attempts` has all of them.
        ScoutError: no attempt was possible.
    """
    messages: list[BaseMessage] = [SystemMessage(system)] if system else []
    candidates = _candidates(model, provider)
    request = ChatRequest(
        model=candidates[0].model,
        messages=[*messages, HumanMessage(prompt)],
        max_tokens=max_tokens,
        temperature=temperature,
    )
    await read_lookup_files(candidates)
    attempts = Route(candidates=candidates).attempts(request, observer=environment_audit())
    return _llm_response(as_result(await acomplete(attempts)))


def _llm_response(result: ProviderResult) -> LLMResponse:
    return LLMResponse(
        content=result.response_text,
        cost_usd=result.cost_usd,
        model=result.model,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        provider=result.provider,
    )


def split_model(name: str) -> tuple[str, str]:
    """Return provider and model of `"provider/model"`, `"provider:model"` or a bare name.

    A bare name goes to the provider whose card claims it.

    Raises:
        UnknownProvider: no such provider is registered.
        InvalidModelName: the name must not become part of a URL.
    """
    if provider := named_provider(name):
        return provider, check_model(_behind_provider(name), provider)
    if "/" in name and registry.find_for_model(name) is None:
        registry.spec(name.partition("/")[0])  # raises UnknownProvider with the list of providers
    return registry.for_model(name), check_model(name, name)


def _behind_provider(name: str) -> str:
    """Return the model of `"provider/model"` or `"provider:model"`."""
    head, _, model = name.partition("/")
    return name.partition(":")[2] if ":" in head else model


def named_provider(name: str) -> str | None:
    """Return the provider that `"provider/model"` or `"provider:model"` names; None if none."""
    before, separator, _ = name.partition("/")
    if separator and before in registry:
        return before
    if separator and (other := registry.find_alias(before)):
        return other
    before, separator, _ = before.partition(":")
    return registry.find_by_name(before) if separator else None


def provider_by_name(name: str) -> str:
    """Return a provider by its own name or LangChain's, such as `mistralai`.

    Raises: `UnknownProvider`, which lists the registered ones.
    """
    return registry.find_by_name(name) or registry.spec(name).name


def candidate(provider: str, model: str) -> Candidate:
    """Return a candidate with the provider's keys from the environment."""
    return Candidate(
        endpoint=registry.get(provider).current_endpoint(), model=check_model(model, provider)
    )


def _candidates(model: str | None, provider: str | None) -> list[Candidate]:
    if provider is not None:
        return [candidate(provider, model or registry.spec(provider).default_model)]
    if model is not None:
        return [candidate(*split_model(model))]
    cards = [card for card in registry.summaries() if card.has_default]
    keyed = [c.name for c in cards if c.may_have_keys() and registry.get(c.name).keys]
    if not keyed:
        variables = ", ".join(card.key_variable for card in cards)
        raise NoKeyError(f"no provider has a key; set one of {variables}")
    return [candidate(name, registry.spec(name).default_model) for name in keyed]


def provider_function(provider: str) -> ProviderFunction:
    """Return the `call_<provider>_async` function of a provider."""

    async def call(
        prompt: str,
        model: str | None = None,
        system: str | None = None,
        max_tokens: int = 500,
        temperature: float | None = None,
    ) -> LLMResponse:
        return await call_llm(
            prompt,
            model=model,
            provider=provider,
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
        )

    call.__name__ = call.__qualname__ = f"call_{provider}_async"
    call.__doc__ = f"Send a prompt to {provider} and return the priced answer; see `call_llm`."
    return call


call_groq_async = provider_function("groq")
call_google_async = provider_function("google")
call_minimax_async = provider_function("minimax")
call_anthropic_async = provider_function("anthropic")
