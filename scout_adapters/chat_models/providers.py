"""The chat models of single providers, and `init_scout_model`, which returns the one of a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, overload

from scout_adapters._internal.json_values import Json
from scout_adapters.chat_models.hidden_secrets import hide_secrets
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel
from scout_adapters.chat_models.store_option import take_store
from scout_adapters.errors import ConfigurationError

CLASS_NAMES: Mapping[str, str] = {
    "anthropic": "ScoutAnthropicChatModel",
    "cerebras": "ScoutCerebrasChatModel",
    "deepseek": "ScoutDeepSeekChatModel",
    "fireworks": "ScoutFireworksChatModel",
    "google": "ScoutGoogleChatModel",
    "groq": "ScoutGroqChatModel",
    "minimax": "ScoutMiniMaxChatModel",
    "mistral": "ScoutMistralChatModel",
    "ollama": "ScoutOllamaChatModel",
    "openai_compatible": "ScoutOpenAICompatibleChatModel",
    "openai": "ScoutOpenAIChatModel",
    "openrouter": "ScoutOpenRouterChatModel",
    "together": "ScoutTogetherChatModel",
    "xai": "ScoutXAIChatModel",
}
"""The classes in `provider_models`, by provider: one file each, as each takes 40 kB."""


class ModelClasses(Mapping[str, type[ScoutProviderChatModel]]):
    """The chat model classes by provider; each loads on first use."""

    def __getitem__(self, provider: str) -> type[ScoutProviderChatModel]:
        name = CLASS_NAMES[provider]
        home = import_module(f"scout_adapters.chat_models.provider_models.{provider}_model")
        model: type[ScoutProviderChatModel] = getattr(home, name)
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(CLASS_NAMES)

    def __len__(self) -> int:
        return len(CLASS_NAMES)


MODEL_CLASSES = ModelClasses()


@overload
def init_scout_model(
    model: str,
    *,
    model_provider: str | None = None,
    configurable_fields: None = None,
    **options: Any,
) -> ScoutProviderChatModel: ...


@overload
def init_scout_model(
    model: str | None = None,
    *,
    model_provider: str | None = None,
    configurable_fields: Literal["any"] | Sequence[str] | None = None,
    config_prefix: str = "",
    **options: Any,
) -> Any: ...


def init_scout_model(
    model: str | None = None,
    *,
    model_provider: str | None = None,
    configurable_fields: Literal["any"] | Sequence[str] | None = None,
    config_prefix: str = "",
    **options: Any,
) -> Any:
    """Return the chat model of `"provider/model"`; works for registered providers of your own too.

        model = init_scout_model("groq/llama-3.3-70b-versatile", temperature=0)
        print(model.invoke("Hello").text)

    Arguments are also understood as in LangChain's `init_chat_model`: `"groq:model"`,
    `model_provider=`, and `configurable_fields=` with `config_prefix=`, for a model that
    `with_config(model=...)` replaces. A name without a provider goes to the provider whose card
    lists its prefix (`"gpt-5"`, `"claude-haiku-4-5"`). `options` are those of the chat model.

    Raises: `UnknownProvider`, which lists the registered ones; `ConfigurationError` for a wrong
    option.
    """
    options = {"model": model, "model_provider": model_provider, **options}
    if isinstance(configurable_fields, str) and configurable_fields != "any":
        raise ConfigurationError('configurable_fields= takes a list of names, or "any"')
    if model is not None and not configurable_fields:
        return _create(options, {})
    from scout_adapters.chat_models.configurable import ScoutConfigurableChatModel

    hide_secrets(take_store(options))
    names = configurable_fields or ("model", "model_provider")
    if model is not None:
        _create(options, {})  # raises for a wrong option
    return ScoutConfigurableChatModel(
        create=_create,
        options=options,
        names=None if names == "any" else names,
        prefix=f"{config_prefix.removesuffix('_')}_" if config_prefix else "",
    )


def _create(options: Json, chosen: Json) -> ScoutProviderChatModel:
    """Return the chat model of `init_scout_model`'s options; the `chosen` ones replace them."""
    from scout_adapters.llm.router.functions import named_provider, provider_by_name, split_model

    merged = {**options, **chosen}
    model, provider = merged.pop("model", None), merged.pop("model_provider", None)
    if not model or not isinstance(model, str) or not isinstance(provider, str | None):
        raise ConfigurationError('init_scout_model needs model="provider/model"')
    if "model_provider" not in chosen and "model" in chosen and named_provider(model):
        provider = None  # the chosen model has a provider of its own
    if provider is None:
        provider, model = split_model(model)
    else:
        provider = provider_by_name(provider)
        model = model.removeprefix(f"{provider}/").removeprefix(f"{provider}:")
    return model_class(provider)(model=model, **merged)


def model_class(provider: str) -> type[ScoutProviderChatModel]:
    """Return a provider's chat model class; creates one for a provider that you registered.

    Raises: `UnknownProvider` for a name that is not registered.
    """
    from scout_adapters.llm.providers import registry

    if known := MODEL_CLASSES.get(provider) or _created_classes.get(provider):
        return known
    registry.get(provider)  # raises for an unknown name
    from scout_adapters.chat_models.clouds import CLOUD_CLASSES

    if cloud := CLOUD_CLASSES.get(provider):
        return cloud
    members = {"provider": provider, "__module__": __name__}
    created = type(_class_name(provider), (ScoutProviderChatModel,), members)
    return _created_classes.setdefault(provider, created)


_created_classes: dict[str, type[ScoutProviderChatModel]] = {}
"""Classes of the providers that have no file in `provider_models`, by provider."""


def _class_name(provider: str) -> str:
    return f"Scout{provider.title().replace('_', '')}ChatModel"


def __getattr__(name: str) -> type[ScoutProviderChatModel]:
    """Return a chat model class; pickles name those of other providers so."""
    for provider, class_name in CLASS_NAMES.items():
        if name == class_name:
            return MODEL_CLASSES[provider]
    if name.startswith("Scout"):
        from scout_adapters.llm.providers import registry

        for provider in registry.list_providers():
            if name == _class_name(provider):
                return model_class(provider)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
