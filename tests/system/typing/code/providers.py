"""Providers of one's own, the guide's way and the card's, and calls without LangChain."""

from collections.abc import Iterable, Sequence
from typing import assert_type

from scout_adapters import ProviderSpec, ScoutRouterChatModel, registry
from scout_adapters.llm import (
    LLMResponse,
    call_anthropic_async,
    call_google_async,
    call_groq_async,
    call_llm,
    call_minimax_async,
)
from scout_adapters.llm.adapters.results import ProviderResult
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_chat import WIRE

registry.register(
    ProviderSpec(
        name="nebula",
        docs="https://nebula.example/docs",
        wire=WIRE,
        base_url="https://api.nebula.example/v1",
        drop=frozenset({"parallel_tool_calls"}),
    )
)


async def ask(model: str, prompt: str, **_: object) -> ProviderResult:
    """Ask a provider that speaks nothing known."""
    return ProviderResult(response_text=f"{model}: {prompt}", cost_usd=0.0, input_tokens=1)


client = ProviderClient(name="mine", call=ask, env_key_name="MINE_API_KEYS", default_cooldown=30)
registry.register("mine", client)
assert_type(registry.get("mine"), ProviderClient)
assert_type(registry.list_providers(), list[str])
assert_type(client.keys, list[KeyState])
assert_type(client.get_working_key(), str | None)


def shortest_name(candidates: Sequence[Candidate], request: ChatRequest) -> Iterable[Candidate]:
    """Order candidates in a way of one's own."""
    return sorted(candidates, key=lambda candidate: (len(candidate.model), request.model))


router = ScoutRouterChatModel(models=["nebula/large", "mine/some"], strategy=shortest_name)


async def main() -> None:
    """Ask without LangChain."""
    assert_type(await call_llm("hello", model="groq/some", system="be brief"), LLMResponse)
    for call in (call_anthropic_async, call_google_async, call_groq_async, call_minimax_async):
        answer = await call("hello", model="some", max_tokens=5, temperature=0.5)
        assert_type(answer.content, str)
        assert_type(answer.cost_usd, float | None)
