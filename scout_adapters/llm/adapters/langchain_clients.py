"""Facts about LangChain's chat model classes: names, retries, timeouts, keys.

Sources: the classes of langchain-openai 1.7, langchain-anthropic 1.7, langchain-google-genai 4.4,
langchain-groq 1.1, langchain-openrouter 0.2, langchain-aws 1.9, and
https://docs.langchain.com/oss/python/integrations/chat for the packages that are not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from scout_adapters._internal.redaction import key_redactor
from scout_adapters.llm.adapters.langchain_boto import single_attempt_client

NoTools = Literal["named", "typed", "left_out"]
"""Form of `tool_choice="none"`: the string itself, `{"type": "none"}`, or no tools at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts:
    """Facts about one class of chat models."""

    provider: str
    """The provider's name, as in audit rows and in `PRICING`."""

    maker: str
    """`model_provider` in the `response_metadata` of the class's messages."""

    prices: str = ""
    """The provider's name in genai-prices; empty if it is the same as `provider`."""

    timeout: bool = False
    """Whether a call accepts `timeout` in seconds."""

    boto: bool = False
    """Whether the client is botocore's, so that each request can have its own timeout."""

    shortest_timeout: float = 0.0
    """Seconds: the shortest `timeout` that the provider accepts."""

    response_format: bool = False
    """Whether a call accepts `response_format` in OpenAI's form, as LangChain's agents pass it."""

    json_object: bool = False
    """Whether `response_format` may be `{"type": "json_object"}`."""

    no_tools: NoTools = "left_out"
    passes_options: bool = False
    """Whether `bind_tools` passes options that are not its parameters on to the provider's API."""

    strict_tools: bool = False
    """Whether a request with a schema needs strict tools: OpenAI's SDK parses both."""

    finishes: bool = True
    """Whether each complete stream has a finish reason: one without is treated as cut off."""


def _openai_like(provider: str, *, maker: str = "openai", prices: str = "") -> ClientFacts:
    return ClientFacts(
        provider=provider,
        maker=maker,
        prices=prices,
        timeout=True,
        response_format=True,
        json_object=True,
        no_tools="named",
        passes_options=True,
        strict_tools=True,
    )


FACTS: Mapping[str, ClientFacts] = {
    "AzureChatOpenAI": _openai_like("azure", prices="azure"),
    "ChatDeepSeek": _openai_like("deepseek", maker="deepseek"),
    "ChatXAI": _openai_like("xai", maker="xai", prices="x-ai"),
    "BaseChatOpenAI": _openai_like("openai"),
    "ChatAnthropic": ClientFacts(
        provider="anthropic",
        maker="anthropic",
        timeout=True,
        response_format=True,
        no_tools="typed",
    ),
    "ChatGoogleGenerativeAI": ClientFacts(
        provider="google",
        maker="google_genai",
        timeout=True,
        shortest_timeout=10.0,  # its SDK sends the timeout along, and the server refuses less
        response_format=True,
        json_object=True,
        no_tools="named",
    ),
    "ChatVertexAI": ClientFacts(provider="vertex", maker="google_vertexai", prices="google"),
    "ChatBedrockConverse": ClientFacts(
        provider="bedrock", maker="bedrock_converse", prices="aws", response_format=True, boto=True
    ),
    "ChatBedrock": ClientFacts(
        provider="bedrock", maker="bedrock", prices="aws", finishes=False, boto=True
    ),
    "ChatGroq": ClientFacts(
        provider="groq",
        maker="groq",
        timeout=True,
        response_format=True,
        json_object=True,
        no_tools="named",
        passes_options=True,
    ),
    "ChatOpenRouter": ClientFacts(
        provider="openrouter",
        maker="openrouter",
        response_format=True,
        json_object=True,
        no_tools="named",
        passes_options=True,
    ),
    "ChatMistralAI": ClientFacts(provider="mistral", maker="mistralai", response_format=True),
    "ChatOllama": ClientFacts(provider="ollama", maker="ollama", finishes=False),
}
"""Facts by class name; a subclass has the facts of its nearest listed base class."""

PROVIDERS = {"mistralai": "mistral", "amazon_bedrock": "bedrock", "google_genai": "google"}
"""By the provider's name in LangSmith's parameters: its name here."""

MODEL_FIELDS = ("model_name", "model", "model_id", "deployment_name", "repo_id")
ADDRESS_FIELDS = (
    *("openai_api_base", "azure_endpoint", "anthropic_api_url", "groq_api_base"),
    *("openrouter_api_base", "endpoint_url", "base_url", "endpoint", "api_base"),
)
"""Fields with the base URL, as `MODEL_FIELDS` with the model's name; the first set one counts."""


def facts_of(model: BaseChatModel) -> ClientFacts:
    """Return the facts of a chat model's class; for an unknown class, with LangSmith's names."""
    names = (parent.__name__ for parent in type(model).__mro__)
    if facts := next((FACTS[name] for name in names if name in FACTS), None):
        return facts
    # LangChain's name for the provider; the class's own name if it defines none.
    shown = str(model._get_ls_params().get("ls_provider") or type(model).__name__)  # noqa: SLF001  # a hook of core
    name = PROVIDERS.get(shown, shown)
    return ClientFacts(provider=name, maker=shown, finishes=False)


def model_name_of(model: BaseChatModel) -> str:
    """Return the name of the model that a chat model calls, or else the name of its class."""
    values = (getattr(model, name, None) for name in MODEL_FIELDS)
    name = next((value for value in values if isinstance(value, str) and value), None)
    return (name or type(model).__name__).removeprefix("models/")


def address_of(model: BaseChatModel) -> str:
    """Return the address of a chat model's API; empty for the default one."""
    values = (getattr(model, name, None) for name in ADDRESS_FIELDS)
    address = next((value for value in values if isinstance(value, str) and value), "")
    return address.rstrip("/")


def place_of(model: BaseChatModel) -> str:
    """Return base URL, region, project and location of a chat model's API in one text.

    For a botocore client, URL and region are those that the client has resolved.
    """
    meta: Any = getattr(getattr(model, "client", None), "meta", None)
    address = address_of(model) or getattr(meta, "endpoint_url", "")
    region = getattr(meta, "region_name", None) or getattr(model, "region_name", None)
    names = (region, *(getattr(model, name, None) for name in ("project", "location")))
    return " ".join((address, *(name for name in names if isinstance(name, str) and name)))


def field_named(model: BaseChatModel, *names: str) -> str | None:
    """Return the field that has one of these names or aliases; None if there is none."""
    fields = type(model).model_fields
    for name in names:
        if name in fields:
            return name
        for field, info in fields.items():
            if name in {info.alias, info.validation_alias}:
                return field
    return None


def secrets_of(model: BaseChatModel) -> list[str]:
    """Return the API keys in the `SecretStr` fields of a chat model."""
    values = [getattr(model, name, None) for name in type(model).model_fields]
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def account_of(model: BaseChatModel) -> str:
    """Return a text that identifies the account: API keys, AWS profile, AWS access key."""
    profile = getattr(model, "credentials_profile_name", None)
    signer: Any = getattr(getattr(model, "client", None), "_request_signer", None)
    credentials: Any = getattr(signer, "_credentials", None)
    fields = getattr(credentials, "__dict__", {})  # properties may send requests to renew a key
    access_key = fields.get("access_key") or fields.get("_access_key")
    return " ".join(filter(None, (*secrets_of(model), profile, access_key)))


def redactor_of(model: BaseChatModel) -> Callable[[str], str]:
    """Return a function that removes a chat model's keys from a text."""
    redactors = [key_redactor(key, "[redacted]") for key in secrets_of(model) if key]
    return lambda text: reduce(lambda shown, redact: redact(shown), redactors, text)


def without_retries(model: BaseChatModel) -> tuple[BaseChatModel, str]:
    """Return a copy whose client sends each request once, and "" or a note if it still repeats.

    The user's own model is not changed; both share connections.
    """
    updates: dict[str, Any] = {}
    if "max_retries" in type(model).model_fields:
        # Gemini counts attempts, and 0 means Google's default.
        updates["max_retries"] = 1 if facts_of(model).provider == "google" else 0
    updates.update(_single_attempt_clients(model))
    quiet = model.model_copy(update=updates) if updates else model
    for name in ("_client_params", "_client", "_async_client"):  # cached by ChatAnthropic
        if quiet is not model:
            quiet.__dict__.pop(name, None)
    keeps = hasattr(getattr(model, "client", None), "meta") and "client" not in updates
    note = f"{type(model).__name__} repeats requests itself: pass it a client without retries"
    return quiet, note if keeps else ""


def _single_attempt_clients(model: BaseChatModel) -> Iterator[tuple[str, Any]]:
    """Yield the client fields of a chat model with clients that send each request once."""
    for root, name in (("root_client", "client"), ("root_async_client", "async_client")):
        sdk: Any = getattr(model, root, None)
        owner: Any = getattr(getattr(model, name, None), "_client", None)
        if hasattr(sdk, "with_options"):  # langchain-openai
            sdk = sdk.with_options(max_retries=0)
            yield root, sdk
            yield name, sdk.chat.completions
        elif hasattr(owner, "with_options"):  # langchain-groq
            yield name, owner.with_options(max_retries=0).chat.completions
    client: Any = getattr(model, "client", None)
    if hasattr(client, "sdk_configuration"):  # langchain-openrouter
        yield "client", _openrouter_client(client)
    elif (once := single_attempt_client(client)) is not None:
        yield "client", once


def _openrouter_client(client: Any) -> Any:
    other = copy(client)
    other.sdk_configuration = copy(client.sdk_configuration)
    other.sdk_configuration.retry_config = None
    return other
