"""Chat models of official packages, pointed at the emulator's loopback server."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
import httpx2
import langchain_anthropic._client_utils
import langchain_openai.chat_models._client_utils
from botocore.httpsession import URLLib3Session
from langchain_anthropic import ChatAnthropic
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.support.verbs import ASYNC, call_model, run_model
from tests.system.memory.growth import all_objects

KEYS: Mapping[str, str] = {
    "openai": "sk-partner-0123456789abcdef",
    "anthropic": "sk-ant-partner-0123456789ab",
    "google": "AIzaPartner0123456789abcdefg",
    "bedrock": "AKIDPARTNER:SecretOfThePartner0123456789",
}
OURS = "gsk_ours_0123456789abcdef"
MODELS: Mapping[str, str] = {
    "openai": "gpt-4o-mini",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-haiku-4-5-20251001-v1:0",
}
PARTNERS = tuple(MODELS)


def partner(provider: str, emulator: Emulator, region: str = "us-east-1") -> BaseChatModel:
    """Return the official package's chat model, with its own address option.

    `region` is that of Bedrock.
    """
    model, key, base = MODELS[provider], KEYS[provider], emulator.url(provider)
    match provider:
        case "openai":
            return ChatOpenAI(model=model, api_key=key, base_url=base, stream_usage=True)
        case "anthropic":
            return ChatAnthropic(model=model, api_key=key, base_url=base)
        case "google":
            return ChatGoogleGenerativeAI(model=model, api_key=key, base_url=base)
    name, _, secret = key.partition(":")
    return ChatBedrockConverse(
        model=model,
        region_name=region,
        endpoint_url=base,
        aws_access_key_id=name,
        aws_secret_access_key=secret,
    )


@dataclass
class Stage:
    """An emulator that is served, the partners' models, and one event loop for their clients.

    The clients of some partners stay bound to the loop of their first call.
    """

    emulator: Emulator
    runner: asyncio.Runner
    models: dict[str, BaseChatModel] = field(default_factory=dict)

    def partner(self, provider: str) -> BaseChatModel:
        """Return a partner's model; it is made once, because that is slow."""
        if provider not in self.models:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of their own construction
                self.models[provider] = partner(provider, self.emulator)
        return self.models[provider]

    def ours(self) -> dict[str, Any]:
        """Return an entry of ours, at the same server."""
        base = self.emulator.url("groq")
        return {"model": "groq/openai/gpt-oss-120b", "api_key": OURS, "base_url": base}

    def router(self, *models: Any, **options: Any) -> ScoutRouterChatModel:
        return ScoutRouterChatModel(models=list(models), **{"max_retries": 0, **options})

    def call(self, runnable: Any, verb: str, messages: Any = "Hello", **options: Any) -> Any:
        """Call a model by a verb; asynchronous calls share one loop."""
        if verb in ASYNC:
            coroutine = call_model(runnable, verb, messages, **options)
            return self.runner.run(coroutine, context=copy_context())
        return run_model(runnable, verb, messages, **options)


def stages() -> Iterator[Stage]:
    """Yield a stage; its server and its loop end with it."""
    emulator = Emulator(keys={name: [key] for name, key in KEYS.items()} | {"groq": [OURS]})
    with emulator.serve(), asyncio.Runner() as runner:
        yield Stage(emulator, runner)
        runner.run(close_clients())


CLIENTS = (
    aiohttp.ClientSession,
    httpx.AsyncClient,
    httpx.Client,
    httpx2.AsyncClient,
    httpx2.Client,
    URLLib3Session,
)


def _clients() -> list[Any]:
    """Return what the partners keep open in caches of their own, or leave to the collector."""
    kinds: list[type] = [*CLIENTS]
    for kind in kinds:
        kinds += kind.__subclasses__()
    identities = set(map(id, kinds))  # some classes cannot be hashed, and proxies show another
    return [one for one in all_objects() if id(type(one)) in identities]


CACHES = (
    langchain_anthropic._client_utils._get_default_async_httpx_client,
    langchain_anthropic._client_utils._get_default_httpx_client,
    langchain_openai.chat_models._client_utils._cached_async_httpx_client,
    langchain_openai.chat_models._client_utils._cached_sync_httpx_client,
)
"""Where the packages keep clients by address: a later emulator may have an earlier one's port."""


async def close_clients() -> None:
    """Close all clients that there are, and remove them from the caches of their packages."""
    for one in _clients():
        if isinstance(one, httpx.AsyncClient | httpx2.AsyncClient):
            await one.aclose()
        elif not isinstance(one, aiohttp.ClientSession):
            one.close()
        elif not one.closed:
            await one.close()
    for cached in CACHES:
        cached.cache_clear()
