"""LiteLLM's calls answered by our models: text, tools, reasoning, counts, costs, errors."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import litellm
import pytest
from litellm.exceptions import MidStreamFallbackError
from litellm.integrations.custom_logger import CustomLogger

from scout_adapters import ScoutRouterChatModel
from scout_adapters.litellm import ScoutLiteLLM
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import (
    ContextOverflow,
    CutMidStream,
    Emulator,
    Fault,
    ModelMissing,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Revoked,
)
from tests.support.waiting import HANG

pytestmark = [
    pytest.mark.usefixtures("handler"),
    pytest.mark.filterwarnings("ignore"),  # LiteLLM's own, and those of its models
]

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Return the weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
VERBS = ("completion", "acompletion", "streaming", "astreaming")


def call(emulator: Emulator, provider: str, model: str, **options: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Hello"}]
    return {
        "model": f"scout/{provider}/{model}",
        "messages": messages,
        "api_base": emulator.url(provider),
        "api_key": "k-1",
        **options,
    }


def run(verb: str, **arguments: Any) -> Any:
    """Call LiteLLM by one of the four verbs; put the chunks of a stream together as it does."""
    match verb:
        case "completion":
            return litellm.completion(**arguments)
        case "acompletion":
            return asyncio.run(litellm.acompletion(**arguments))
        case "streaming":
            chunks = list(litellm.completion(**arguments, stream=True))
        case _:
            chunks = asyncio.run(_chunks(arguments))
    return litellm.stream_chunk_builder(chunks, messages=arguments["messages"])


async def _chunks(arguments: dict[str, Any]) -> list[Any]:
    return [chunk async for chunk in await litellm.acompletion(**arguments, stream=True)]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("groq", "openai/gpt-oss-120b"),
        ("anthropic", "claude-haiku-4-5"),
        ("google", "gemini-3.5-flash"),
        ("openai", "gpt-6-luna"),
    ],
)
def test_answers_tools_and_counts_are_those_of_the_provider(
    emulator: Emulator, verb: str, provider: str, model: str
) -> None:
    arguments = call(emulator, provider, model, tools=[WEATHER], max_tokens=200)
    arguments["messages"] = [{"role": "user", "content": "What is the weather in Paris?"}]
    asked = run(verb, **arguments)
    (choice,) = asked.choices
    assert choice.finish_reason == "tool_calls"
    (tool_call,) = choice.message.tool_calls
    assert json.loads(tool_call.function.arguments) == {"city": "Paris"}
    result = {"role": "tool", "tool_call_id": tool_call.id, "content": "21 °C"}
    arguments["messages"] += [choice.message, result]
    answer = run(verb, **arguments)
    assert "21 °C" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    exchange = emulator.log[-1]
    assert answer.usage.prompt_tokens == exchange.spent.input
    assert answer.usage.completion_tokens == exchange.output_tokens
    assert [exchange.status for exchange in emulator.log] == [200, 200]
    assert {exchange.key for exchange in emulator.log} == {"k-1"}


@pytest.mark.parametrize("verb", VERBS)
def test_signed_reasoning_goes_back_to_its_provider(emulator: Emulator, verb: str) -> None:
    arguments = call(emulator, "anthropic", "claude-sonnet-4-5", tools=[WEATHER], max_tokens=4000)
    arguments["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    arguments["allowed_openai_params"] = ["thinking"]
    arguments["messages"] = [{"role": "user", "content": "What is the weather in Paris?"}]
    message = run(verb, **arguments).choices[0].message
    (thinking,) = message.thinking_blocks
    assert message.reasoning_content == thinking["thinking"]
    dumped = json.loads(message.model_dump_json())
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "21 °C"}
    run(verb, **{**arguments, "messages": [*arguments["messages"], dumped, result]})
    sent = emulator.log[-1].body["messages"][1]["content"]
    assert sent[0]["signature"] == thinking["signature"]


def test_signed_reasoning_of_litellms_own_claude_goes_back(emulator: Emulator) -> None:
    arguments = call(emulator, "anthropic", "claude-sonnet-4-5", tools=[WEATHER], max_tokens=4000)
    arguments["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    arguments["allowed_openai_params"] = ["thinking"]
    arguments["messages"] = [{"role": "user", "content": "What is the weather in Paris?"}]
    message = run("completion", **arguments).choices[0].message.model_dump()
    del message["provider_specific_fields"]
    result = {
        "role": "tool",
        "tool_call_id": message["tool_calls"][0]["id"],
        "content": "21 °C",
    }
    run("completion", **{**arguments, "messages": [*arguments["messages"], message, result]})
    assert emulator.log[-1].status == 200
    assert emulator.log[-1].body["messages"][1]["content"][0]["type"] == "thinking"


@pytest.mark.parametrize("verb", VERBS)
def test_the_cost_is_ours(emulator: Emulator, verb: str) -> None:
    PRICING["groq"] = {"mine": {"input": 1.0, "output": 2.0}}
    answer = run(verb, **call(emulator, "groq", "mine", stream_options={"include_usage": True}))
    spent = emulator.log[-1].spent
    expected = spent.input * 1e-3 + emulator.log[-1].output_tokens * 2e-3
    assert answer._hidden_params["response_cost"] == pytest.approx(expected)


class Payloads(CustomLogger):
    """Collects what LiteLLM logs of calls of the model `logged`.

    It logs in threads: calls of other tests may be logged late, by the loggers that there are then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.costs: list[float] = []
        self.logged = threading.Event()

    def log_success_event(
        self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        if kwargs["model"].endswith("logged"):
            self.costs.append(kwargs["standard_logging_object"]["response_cost"])
            self.logged.set()


@pytest.mark.parametrize("verb", ["completion", "streaming"])
def test_loggers_of_litellm_receive_the_cost(
    emulator: Emulator, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    PRICING["groq"] = {"logged": {"input": 1.0, "output": 2.0}}
    payloads = Payloads()
    monkeypatch.setattr(litellm, "callbacks", [payloads])
    monkeypatch.setattr(litellm, "success_callback", [])
    run(verb, **call(emulator, "groq", "logged"))
    assert payloads.logged.wait(HANG)
    spent = emulator.log[-1].spent
    expected = spent.input * 1e-3 + emulator.log[-1].output_tokens * 2e-3
    assert payloads.costs == [pytest.approx(expected)]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Revoked(), litellm.AuthenticationError),
        (RateLimited(60), litellm.RateLimitError),
        (OutOfCredit(), litellm.RateLimitError),
        (ContextOverflow(), litellm.ContextWindowExceededError),
        (ModelMissing(), litellm.NotFoundError),
        (Overloaded(), litellm.InternalServerError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_errors_are_litellms(
    emulator: Emulator, verb: str, fault: Fault, error: type[Exception]
) -> None:
    emulator.down = {"groq": fault}
    with pytest.raises((error, MidStreamFallbackError)) as refusal:
        run(verb, **call(emulator, "groq", "m"), timeout=HANG, max_retries=0)
    cause = refusal.value
    if isinstance(cause, MidStreamFallbackError):  # how LiteLLM marks errors of streams
        assert verb == "astreaming"
        assert cause.is_pre_first_chunk
        cause = cause.original_exception
    assert isinstance(cause, error)
    assert "k-1" not in str(cause)
    assert not isinstance(cause, litellm.APIConnectionError)


@pytest.mark.parametrize("verb", ["streaming", "astreaming"])
def test_a_stream_that_breaks_raises_after_its_content(emulator: Emulator, verb: str) -> None:
    emulator.script("groq", [CutMidStream(after=4)])
    with pytest.raises((litellm.InternalServerError, MidStreamFallbackError)):
        run(verb, **call(emulator, "groq", "m"))
    assert len(emulator.log) == 1


def test_a_route_has_a_name(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        {"model": "groq/a", "api_key": "k", "base_url": emulator.url("groq")},
        {"model": "openai/b", "api_key": "k", "base_url": emulator.url("openai")},
    ]
    emulator.down = {"groq": Overloaded()}
    handler = ScoutLiteLLM(routes={"fast": ScoutRouterChatModel(models=entries, max_retries=0)})
    provider = {"provider": "scout", "custom_handler": handler}
    monkeypatch.setattr(litellm, "custom_provider_map", [provider])
    answer = litellm.completion("scout/fast", [{"role": "user", "content": "Hello"}])
    assert [exchange.body["model"] for exchange in emulator.log] == ["a", "b"]
    assert answer.model == "b"


def test_litellms_router_rests_and_falls_back(emulator: Emulator) -> None:
    def deployment(group: str, provider: str, model: str) -> dict[str, Any]:
        params = call(emulator, provider, model)
        del params["messages"]
        return {"model_name": group, "litellm_params": params}

    router = litellm.Router(
        model_list=[deployment("main", "groq", "a"), deployment("backup", "openai", "b")],
        fallbacks=[{"main": ["backup"]}],
        num_retries=0,
    )
    emulator.down = {"groq": RateLimited(60)}
    answer = router.completion("main", [{"role": "user", "content": "Hello"}])
    assert answer.model == "b"
    assert [exchange.body["model"] for exchange in emulator.log] == ["a", "b"]


@pytest.mark.parametrize("prefix", ["", "scout/"])
def test_a_deployment_of_ours_rests_as_a_native_one(emulator: Emulator, prefix: str) -> None:
    deployments = [
        {
            "model_name": "main",
            "litellm_params": {
                "model": f"{prefix}{provider}/{model}",
                "api_key": "k-1",
                "api_base": emulator.url(provider),
                "weight": weight,
            },
        }
        for provider, model, weight in (("groq", "a", 1), ("openai", "b", 0))
    ]
    router = litellm.Router(model_list=deployments, num_retries=1, cooldown_time=60)
    emulator.down = {"groq": RateLimited(60)}
    for _ in range(2):
        router.completion("main", [{"role": "user", "content": "Hello"}])
    assert [exchange.body["model"] for exchange in emulator.log] == ["a", "b", "b"]


def test_embeddings_are_ours(emulator: Emulator) -> None:
    arguments = {
        "model": "scout/openai/text-embedding-3-small",
        "input": ["one", "two"],
        "api_base": emulator.url("openai"),
        "api_key": "k-1",
    }
    whole = litellm.embedding(**arguments)
    twin = asyncio.run(litellm.aembedding(**arguments))
    assert [len(item["embedding"]) for item in whole.data] == [1536, 1536]
    assert whole.data[1]["embedding"] == twin.data[1]["embedding"]
    with pytest.raises(litellm.BadRequestError, match="embeds texts only"):
        litellm.embedding(**{**arguments, "input": [[1, 2]]})


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(litellm.BadRequestError, match="no provider is registered as 'gorq'"):
        litellm.completion("scout/gorq/x", [{"role": "user", "content": "Hello"}])


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_message_is_a_bad_request(emulator: Emulator, verb: str) -> None:
    arguments = call(emulator, "groq", "m") | {"messages": [{"role": "oracle", "content": "Hi"}]}
    with pytest.raises((litellm.BadRequestError, MidStreamFallbackError)) as refusal:
        run(verb, **arguments)
    assert "a message cannot be read" in str(refusal.value)
    assert emulator.log == []


def test_an_edited_answer_is_what_its_text_says(emulator: Emulator) -> None:
    arguments = call(emulator, "groq", "m")
    message = run("completion", **arguments).choices[0].message.model_dump()
    edited = {**message, "content": "Something else"}
    odd = {**message, "provider_specific_fields": {"scout_answer": {"content": [1, None]}}}
    for answer in (edited, odd):
        again = {"role": "user", "content": "And?"}
        run("completion", **{**arguments, "messages": [*arguments["messages"], answer, again]})
        assert emulator.log[-1].body["messages"][1]["content"] == answer["content"]
