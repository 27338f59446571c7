"""The guide's own code, step by step, for a provider called `testprovider`.

Word for word but for `scout.` → `scout_adapters.` and the provider's name; even where the guide's
illustration is wrong (the key it is handed never reaches the wire, and it books on the first key).
"""

BASE = '''
"""TestProvider provider for Scout."""

import os
import logging
from typing import Optional

from scout_adapters.llm import LLMResponse
from scout_adapters.llm.pricing import estimate_cost_usd

logger = logging.getLogger(__name__)

async def call_testprovider_async(
    prompt: str,
    model: str = "default-model",
    system: Optional[str] = None,
    max_tokens: int = 500,
    temperature: Optional[float] = None,
) -> LLMResponse:
    api_key = os.environ.get("TESTPROVIDER_API_KEY")
    if not api_key:
        raise EnvironmentError("TESTPROVIDER_API_KEY not set")

    url = os.environ.get("TESTPROVIDER_API_URL", "https://api.provider.com/v1/chat/completions")

    messages = []
    if system:
        messages.append({"role": "system", "content": system})
    messages.append({"role": "user", "content": prompt})

    payload = {
        "model": model,
        "messages": messages,
        "max_tokens": max_tokens,
    }
    if temperature is not None:
        payload["temperature"] = temperature

    import httpx
    async with httpx.AsyncClient() as client:
        response = await client.post(
            url,
            json=payload,
            headers={
                "Authorization": f"Bearer {api_key}",
                "Content-Type": "application/json",
            },
            timeout=60.0,
        )
        response.raise_for_status()
        data = response.json()

    content = data["choices"][0]["message"]["content"]

    input_tokens = data.get("usage", {}).get("prompt_tokens", 0)
    output_tokens = data.get("usage", {}).get("completion_tokens", 0)
    cost_usd = estimate_cost_usd(
        provider="testprovider",
        model=model,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )

    return LLMResponse(
        content=content,
        cost_usd=cost_usd,
        model=model,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
'''

WRAPPER = '''
"""TestProvider provider for ProviderRegistry.

Provides multi-key support with health tracking.
"""

import logging
from typing import Optional

from scout_adapters.llm.providers import (
    ProviderClient, ProviderResult, registry, is_permanent_error,
)

logger = logging.getLogger(__name__)


async def _call_provider(
    model: str,
    prompt: str,
    system: Optional[str] = None,
    max_tokens: int = 2048,
    temperature: float = 0.0,
    api_key: str = None,  # Ignored - we use keys from registry
    **kwargs,
) -> ProviderResult:
    # Import inside function to avoid circular import
    from scout_adapters.llm import call_testprovider_async, LLMResponse

    # Get provider for key rotation tracking
    provider = registry.get("testprovider")

    # Call the actual provider function
    try:
        response: LLMResponse = await call_testprovider_async(
            prompt=prompt,
            model=model,
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
        )

        # Success - reset failure count for the key being used
        if provider.keys:
            provider.record_key_success(provider.keys[0].key)

        return ProviderResult(
            response_text=response.content,
            cost_usd=response.cost_usd,
            input_tokens=response.input_tokens,
            output_tokens=response.output_tokens,
            model=response.model,
            provider="testprovider",
        )
    except Exception as e:
        # Record failure for the provider
        if provider.keys:
            provider.record_key_failure(
                provider.keys[0].key,
                permanent=is_permanent_error(e)
            )
        raise


# Create provider client
_provider_client = ProviderClient(
    name="testprovider",
    call=_call_provider,
    env_key_name="TESTPROVIDER_API_KEYS",
    env_single_key_name="TESTPROVIDER_API_KEY",
    default_cooldown=60.0,
    max_failures_before_cooldown=3,
    max_key_attempts=3,
)

# Register on import
registry.register("testprovider", _provider_client)
logger.info("Registered testprovider provider with %d keys", len(_provider_client.keys))
'''

IMPORT = "from scout_adapters.llm.providers import testprovider  # noqa: F401  # Add this line\n"

PRICES = """
PRICING["testprovider"] = {
    "test-model": {"input": 0.0001, "output": 0.0002},  # per 1K tokens
}
"""

UNIT_TESTS = '''
import pytest
from unittest.mock import AsyncMock, patch

from scout_adapters.llm.providers import registry, ProviderClient


@pytest.fixture
def mock_env(monkeypatch):
    monkeypatch.setenv("TESTPROVIDER_API_KEY", "test-key-123")


async def test_provider_registers(mock_env):
    """Test that provider registers correctly."""
    from scout_adapters.llm.providers import testprovider  # noqa: F401

    assert registry.available("testprovider")
    client = registry.get("testprovider")
    assert len(client.keys) == 1
    assert client.keys[0].key == "test-key-123"


async def test_provider_call():
    """Test provider call returns ProviderResult."""
    from scout_adapters.llm.providers import testprovider

    with patch("scout_adapters.llm.testprovider.call_testprovider_async") as mock_call:
        from scout_adapters.llm import LLMResponse
        mock_call.return_value = LLMResponse(
            content="Test response",
            cost_usd=0.0001,
            model="test-model",
            input_tokens=10,
            output_tokens=20,
        )

        client = registry.get("testprovider")
        result = await client.call(
            model="test-model",
            prompt="Hello",
        )

        assert result.response_text == "Test response"
        assert result.provider == "testprovider"


@pytest.mark.integration
async def test_provider_integration():
    """Test actual API call (requires API key)."""
    import os
    if not os.environ.get("TESTPROVIDER_API_KEY"):
        pytest.skip("No API key")

    from scout_adapters.llm.providers import testprovider
    client = registry.get("testprovider")

    result = await client.call(
        model="test-model",
        prompt="Say 'test'",
    )

    assert result.response_text
    assert result.cost_usd >= 0
'''

ROUTE = """
import asyncio
import json

from langchain_core.messages import HumanMessage, SystemMessage

from scout_adapters import ScoutCostCallbackHandler, ScoutRouterChatModel
from scout_adapters.llm.providers import registry

model = ScoutRouterChatModel(models=["testprovider/test-model"])
costs = ScoutCostCallbackHandler()
messages = [SystemMessage("Be brief."), HumanMessage("Say 'test'")]
config = {"callbacks": [costs]}
answers = [
    model.invoke(messages, config),
    asyncio.run(model.ainvoke(messages, config)),
    asyncio.run(model.ainvoke(messages, config)),
]
streamed = "".join(chunk.text for chunk in model.stream(messages, config))
result = asyncio.run(registry.get("testprovider").call(model="test-model", prompt="Say 'test'"))
print(json.dumps({
    "texts": [answer.text for answer in answers] + [streamed, result.response_text],
    "cost": answers[0].response_metadata["scout"]["cost_usd"],
    "usage": answers[0].usage_metadata,
    "total": costs.total_cost,
    "calls": costs.calls,
    "failures": [state.failures for state in registry.get("testprovider").keys],
    "keys": len(registry.get("testprovider").keys),
}))
"""
