"""The chat models of single providers; each adds its provider's name to the base class.

`init=False` is for type checkers. Without it they derive an `__init__` from the pydantic fields,
which accepts no plain string as a key and no option of a provider's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from scout_adapters._internal.json_values import Json
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel
from scout_adapters.errors import ConfigurationError


class ScoutAnthropicChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Anthropic: Claude.

        model = ScoutAnthropicChatModel(model="claude-haiku-4-5", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `ANTHROPIC_API_KEYS` or `ANTHROPIC_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "anthropic"


class ScoutCerebrasChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Cerebras: open models.

        model = ScoutCerebrasChatModel(model="gpt-oss-120b", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `CEREBRAS_API_KEYS` or `CEREBRAS_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "cerebras"


class ScoutDeepSeekChatModel(ScoutProviderChatModel, init=False):
    """Chat model of DeepSeek.

        model = ScoutDeepSeekChatModel(model="deepseek-v4-flash", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `DEEPSEEK_API_KEYS` or `DEEPSEEK_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "deepseek"


class ScoutFireworksChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Fireworks: open models.

        model = ScoutFireworksChatModel(
            model="accounts/fireworks/models/glm-5p3-flash", api_keys=["key-1", "key-2"]
        )
        print(model.invoke("Hello").text)

    Keys in the environment: `FIREWORKS_API_KEYS` or `FIREWORKS_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "fireworks"


class ScoutGoogleChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Google: Gemini, over the Gemini API.

        model = ScoutGoogleChatModel(model="gemini-3.5-flash", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `GOOGLE_API_KEYS`, `GEMINI_API_KEYS`, `GOOGLE_API_KEY` or
    `GEMINI_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "google"


class ScoutGroqChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Groq: open models.

        model = ScoutGroqChatModel(model="openai/gpt-oss-120b", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `GROQ_API_KEYS` or `GROQ_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "groq"


class ScoutMiniMaxChatModel(ScoutProviderChatModel, init=False):
    """Chat model of MiniMax.

        model = ScoutMiniMaxChatModel(model="MiniMax-M2.7", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `MINIMAX_API_KEYS` or `MINIMAX_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "minimax"


class ScoutMistralChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Mistral.

        model = ScoutMistralChatModel(model="mistral-small-latest", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `MISTRAL_API_KEYS` or `MISTRAL_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "mistral"


class ScoutOllamaChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Ollama: local models, without a key.

        model = ScoutOllamaChatModel(model="llama3.2")
        print(model.invoke("Hello").text)

    The address is `http://localhost:11434`, unless `base_url=` or `OLLAMA_API_URL` is set.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "ollama"


class ScoutOpenAIChatModel(ScoutProviderChatModel, init=False):
    """Chat model of OpenAI, over the Responses API where a request needs it, else Chat Completions.

        model = ScoutOpenAIChatModel(model="gpt-6-luna", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `OPENAI_API_KEYS` or `OPENAI_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "openai"


class ScoutOpenAICompatibleChatModel(ScoutProviderChatModel, init=False):
    """Chat model of any server with the Chat Completions API: vLLM, llama.cpp, LM Studio.

        model = ScoutOpenAICompatibleChatModel(
            model="my-model", base_url="http://localhost:8000/v1"
        )
        print(model.invoke("Hello").text)

    `base_url=` is required, or `OPENAI_COMPATIBLE_API_URL` in the environment; a key is optional.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "openai_compatible"


class ScoutOpenRouterChatModel(ScoutProviderChatModel, init=False):
    """Chat model of OpenRouter: the models of many makers.

        model = ScoutOpenRouterChatModel(model="openai/gpt-5.6-luna", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `OPENROUTER_API_KEYS` or `OPENROUTER_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "openrouter"


class ScoutTogetherChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Together: open models.

        model = ScoutTogetherChatModel(model="openai/gpt-oss-120b", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `TOGETHER_API_KEYS` or `TOGETHER_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "together"


class ScoutXAIChatModel(ScoutProviderChatModel, init=False):
    """Chat model of xAI: Grok.

        model = ScoutXAIChatModel(model="grok-4.3", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `XAI_API_KEYS` or `XAI_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "xai"


MODEL_CLASSES: Mapping[str, type[ScoutProviderChatModel]] = {
    model.provider: model
    for model in (
        ScoutAnthropicChatModel,
        ScoutCerebrasChatModel,
        ScoutDeepSeekChatModel,
        ScoutFireworksChatModel,
        ScoutGoogleChatModel,
        ScoutGroqChatModel,
        ScoutMiniMaxChatModel,
        ScoutMistralChatModel,
        ScoutOllamaChatModel,
        ScoutOpenAIChatModel,
        ScoutOpenAICompatibleChatModel,
        ScoutOpenRouterChatModel,
        ScoutTogetherChatModel,
        ScoutXAIChatModel,
    )
}
"""The chat model classes by provider."""


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
    if model is not None and configurable_fields is None:
        return _create(options, {})
    from scout_adapters.chat_models.configurable import ScoutConfigurableChatModel

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
    if not model:
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
"""Classes of the providers that have none of their own above, by provider."""


def _class_name(provider: str) -> str:
    return f"Scout{provider.title().replace('_', '')}ChatModel"


def __getattr__(name: str) -> type[ScoutProviderChatModel]:
    """Return the class of a provider that has none above; pickles name classes so."""
    from scout_adapters.llm.providers import registry

    if name.startswith("Scout"):
        for provider in registry.list_providers():
            if name == _class_name(provider):
                return model_class(provider)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
