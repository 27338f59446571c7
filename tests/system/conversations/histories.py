"""Conversations begun at one provider: its own wire reads its answers, the emulator gives them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, Literal

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Raw
from tests.support.verbs import run_model
from tests.support.weather import get_time, get_weather
from tests.system.conversations import maker_answers

Json = dict[str, Any]
Way = Literal["whole", "streamed"]

MODELS = {
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-3.5-flash",
    "openai": "gpt-5-mini",
    "openrouter": "anthropic/claude-sonnet-4.5",
    "groq": "openai/gpt-oss-120b",
    "deepseek": "deepseek-v4-flash",
    "minimax": "MiniMax-M3",
    "mistral": "mistral-small-latest",
    "xai": "grok-4.3",
}
PAIRS = list(itertools.product(MODELS, MODELS))
FORMS = list(itertools.product(("whole", "streamed"), ("v0", "v1")))

TAKES = dict.fromkeys(MODELS, frozenset({"image", "pdf"})) | {
    # https://console.groq.com/docs/model/openai/gpt-oss-120b: text only.
    "groq": frozenset(),
    # https://platform.minimax.io/docs/api-reference/text-openai-api: M3 sees, and reads no files.
    "minimax": frozenset({"image"}),
    # Recorded: "unknown variant `image_url`, expected `text`".
    "deepseek": frozenset(),
}

PICTURE = {
    "type": "image",
    "base64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg==",
    "mime_type": "image/png",
}
PAPER = {
    "type": "file",
    "base64": "JVBERi0xLjQKMSAwIG9iago8PCAvVHlwZSAvQ2F0YWxvZyA+PgplbmRvYmoKJSVFT0YK",
    "mime_type": "application/pdf",
    "filename": "map.pdf",
}
MEDIA = {"image": PICTURE, "pdf": PAPER}
SHOWN = [{"type": "text", "text": "Sunny. The sky:"}, PICTURE]
SYSTEM = SystemMessage("Be brief.")
QUESTION = "Use get_weather and get_time for Paris."


TOOLS = [get_weather, get_time]


def router(provider: str, emulator: Emulator, **more: Any) -> ScoutRouterChatModel:
    """Make a router whose only candidate this is; the emulator answers at the real address."""
    entry = {
        "model": f"{provider}/{MODELS[provider]}",
        "api_key": "k",
        "transport": emulator.transport(),
    }
    return ScoutRouterChatModel(models=[entry], **more)


def ask(model: Any, messages: list[BaseMessage], way: Way = "whole") -> AIMessage:
    return run_model(model, "invoke" if way == "whole" else "stream", messages)


def results(call: AIMessage, *, shown: bool = False) -> list[BaseMessage]:
    """Answer two calls: the first well, perhaps with a picture, the second with an error."""
    sunny, late = call.tool_calls
    return [
        ToolMessage(SHOWN if shown else "Sunny.", tool_call_id=sunny["id"], name=sunny["name"]),
        ToolMessage("No such city.", tool_call_id=late["id"], status="error"),
    ]


@functools.cache
def answers(maker: str, way: Way, version: str) -> tuple[AIMessage, AIMessage]:
    """Return a maker's two parallel calls, with thoughts before them, and its answer after them."""
    model = router(maker, Emulator(), output_version=version, reasoning_effort="medium")
    bound = model.bind_tools(TOOLS)
    begun = [SYSTEM, HumanMessage(QUESTION)]
    calls = ask(bound, begun, way)
    return calls, ask(bound, [*begun, calls, *results(calls)], way)


def conversations(
    maker: str, target: str, way: Way, version: str
) -> Iterator[tuple[str, list[BaseMessage]]]:
    """Yield a conversation that goes on in the middle of its calls, and one after them."""
    calls, answer = answers(maker, way, version)
    takes = TAKES[target]
    question = HumanMessage(
        [{"type": "text", "text": QUESTION}, *(MEDIA[kind] for kind in sorted(takes))]
    )
    begun = [SYSTEM, question, calls, *results(calls, shown="image" in takes)]
    yield "calls", begun
    yield "impatient", [*begun, HumanMessage("Hurry.")]
    yield "answer", [*begun, answer, HumanMessage("And in London?", name="Ann")]


def sent(
    target: str, messages: list[BaseMessage], *, scripted: bool = False, **options: Any
) -> Json:
    """Send a conversation on, and return the body that arrived; the emulator must accept it.

    It cannot know signatures that it did not make: where there are such, its answer is scripted.
    """
    emulator = Emulator()
    if scripted:
        emulator.script(target, [Raw(body=maker_answers.body(target))])
    router(target, emulator, max_retries=0, **options).bind_tools(TOOLS).invoke(messages)
    (exchange,) = emulator.log
    assert exchange.status == 200
    return exchange.body
