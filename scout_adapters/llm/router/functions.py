"""One prompt in, one priced answer out: the functions for callers without LangChain."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from scout_adapters.errors import NoKeyError
from scout_adapters.llm.engine.audit_rows import environment_audit
from scout_adapters.llm.engine.calls import acomplete
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.client import as_result
from scout_adapters.llm.providers.urls import check_model
from scout_adapters.llm.router.route import Route
from scout_adapters.llm.types import ChatRequest, LLMResponse


class ProviderFunction(Protocol):
    """The shape of `call_groq_async` and its siblings."""

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
    """Ask `model` (`"provider/model"`, or a name that a provider claims), or whoever has a key.

    Without `model` and `provider`, every registered provider with a key is a candidate, with its
    default model, in the order of registration. Raises what a chat model raises.
    """
    messages: list[BaseMessage] = [SystemMessage(system)] if system else []
    candidates = _candidates(model, provider)
    request = ChatRequest(
        model=candidates[0].model,
        messages=[*messages, HumanMessage(prompt)],
        max_tokens=max_tokens,
        temperature=temperature,
    )
    attempts = Route(candidates=candidates).attempts(request, observer=environment_audit())
    result = as_result(await acomplete(attempts))
    return LLMResponse(
        content=result.response_text,
        cost_usd=result.cost_usd,
        model=result.model,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        provider=result.provider,
    )


def split_model(name: str) -> tuple[str, str]:
    """Split `"provider/model"`; a bare name goes to the provider that claims it."""
    provider, slash, model = name.partition("/")
    if slash and provider in registry:
        return provider, check_model(model, provider)
    if slash and registry.claimant(name) is None:
        registry.spec(provider)  # raises, listing the known ones
    return registry.for_model(name), check_model(name, name)


def candidate(provider: str, model: str) -> Candidate:
    """Make the candidate of a provider with the keys in the environment."""
    return Candidate(endpoint=registry.get(provider).endpoint, model=check_model(model, provider))


def _candidates(model: str | None, provider: str | None) -> list[Candidate]:
    if provider is not None:
        return [candidate(provider, model or registry.spec(provider).default_model)]
    if model is not None:
        return [candidate(*split_model(model))]
    specs = [spec for spec in registry.specs() if spec.default_model and not spec.keyless]
    keyed = [spec for spec in specs if registry.get(spec.name).keys]
    if not keyed:
        variables = ", ".join(registry.get(spec.name).key_variables[-1] for spec in specs)
        raise NoKeyError(f"no provider has a key; set one of {variables}")
    return [candidate(spec.name, spec.default_model) for spec in keyed]


def provider_function(provider: str) -> ProviderFunction:
    """Make the function that asks one provider."""

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
    call.__doc__ = f"Ask {provider}: prompt in, priced answer out; see `call_llm`."
    return call


call_groq_async = provider_function("groq")
call_google_async = provider_function("google")
call_minimax_async = provider_function("minimax")
call_anthropic_async = provider_function("anthropic")
