"""Chains, agents and streams, as users write them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, Runnable
from pydantic import BaseModel, SecretStr

from scout_adapters import (
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
    ScoutRouterChatModel,
    ScoutTogetherChatModel,
    ScoutXAIChatModel,
    init_scout_model,
)
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel

MODELS: list[BaseChatModel] = [
    ScoutAnthropicChatModel(model="claude-haiku-4-5", thinking={"type": "enabled"}),
    ScoutCerebrasChatModel(model="gpt-oss-120b", api_key="one"),
    ScoutDeepSeekChatModel(model="deepseek-chat", api_key=SecretStr("one")),
    ScoutFireworksChatModel(model="some", api_keys=["one", "two"]),
    ScoutGoogleChatModel(model="gemini-3.5-flash", top_k=3),
    ScoutGroqChatModel(model="openai/gpt-oss-120b", temperature=0, timeout=60, max_retries=2),
    ScoutMiniMaxChatModel(max_tokens=100, stop=["."]),
    ScoutMistralChatModel(top_p=0.5, streaming=True),
    ScoutOllamaChatModel(model="llama", base_url="http://localhost:11434"),
    ScoutOpenAIChatModel(model="gpt-5.5", reasoning_effort="low", deadline=30.0),
    ScoutOpenAICompatibleChatModel(model="mine", base_url="http://localhost:8000/v1"),
    ScoutOpenRouterChatModel(default_headers={"X-Title": "mine"}),
    ScoutTogetherChatModel(model_kwargs={"seed": 1}),
    ScoutXAIChatModel(max_wait=3),
    ScoutRouterChatModel(models=["groq/some", {"model": "google/other", "weight": 2}]),
]


class Joke(BaseModel):
    setup: str
    punchline: str


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"Sunny in {city}"


router = ScoutRouterChatModel(models=["groq/some", MODELS[0]], strategy="cheapest")
assert_type(router.candidates, list[str])
assert_type(init_scout_model("groq/some", temperature=0), ScoutProviderChatModel)
assert_type(init_scout_model("groq/some").client.keys[0].id, str)
assert_type(router.invoke("hello"), AIMessage)
assert_type(router.stream("hello"), Iterator[AIMessageChunk])
assert_type(router.batch(["one", "two"]), list[AIMessage])
assert_type(router.bind_tools([get_weather, Joke]), Runnable[LanguageModelInput, AIMessage])
assert_type(
    router.with_structured_output(Joke, method="json_schema", include_raw=True, strict=True),
    Runnable[LanguageModelInput, dict[str, Any] | BaseModel],
)
assert_type(router.get_num_tokens_from_messages([HumanMessage("hello")], tools=[]), int)

chain = ChatPromptTemplate.from_template("{what}") | router | StrOutputParser()
assert_type(chain.invoke({"what": "hello"}), str)
safe = router.with_fallbacks([MODELS[0]]).with_retry().with_config(tags=["mine"])
choice = MODELS[5].configurable_fields(temperature=ConfigurableField(id="temperature"))
agent = create_agent(model=router, tools=[get_weather], response_format=Joke)


async def main() -> None:
    """Ask without blocking."""
    assert_type(await router.ainvoke("hello"), AIMessage)
    assert_type(await router.abatch(["hello"]), list[AIMessage])
    stream = router.astream("hello")
    assert_type(stream, AsyncIterator[AIMessageChunk])
    async for chunk in stream:
        assert_type(chunk, AIMessageChunk)
