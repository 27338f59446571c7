"""Names of providers and models of other libraries as those of this package."""

from __future__ import annotations

from scout_adapters.llm.providers import registry


def own_provider(name: str) -> str:
    """Return our name of a provider; the name itself for one that is unknown."""
    return registry.find_by_name(name) or name


def own_model(model: str) -> str:
    """Return `provider/model` with our name of the provider, also for a model without one.

    A name that no provider is known for stays as it is.
    """
    provider, slash, name = model.partition("/")
    if slash:
        found = provider if provider in registry else registry.find_alias(provider)
        return f"{found}/{name}" if found else model
    found = registry.find_for_model(model)
    return f"{found}/{model}" if found else model
