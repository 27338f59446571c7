"""Makes the answer that is given where nothing goes wrong: rules, then brain, then writer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.http_messages import (
    JSON,
    BodyPart,
    CachedTokens,
    HttpReply,
    Json,
    TokensSpent,
    dumps,
)
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.model.answer import Answer, answer_for
from scout_adapters.testing.protocols import (
    anthropic_messages,
    anthropic_rules,
    gemini,
    gemini_rules,
    openai_chat,
    openai_rules,
)
from scout_adapters.testing.protocols.openai_dialects import VOICES
from scout_adapters.testing.protocols.openai_usage import UsageCounts
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_providers import Price
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache

# OpenRouter keeps the connection alive with blank lines in front of a body.
_PADDING = {"openrouter": b"\n         \n\n         \n"}
_EVENTS = "text/event-stream; charset=utf-8"


def respond(scene: FaultContext, body: Json | None, cache: PromptCache) -> HttpReply:
    """Answer the request, or refuse it for what it says."""
    complaint = _check(scene, body)
    if complaint is not None or body is None:
        wrong = complaint or Violation("We could not parse the JSON body of your request.")
        return scene.refuse(
            "bad_request",
            message=wrong.message,
            param=wrong.param,
            code=wrong.code,
            kind=wrong.kind,
        )
    return {"openai": _openai, "anthropic": _anthropic, "gemini": _gemini}[scene.wire](
        scene, body, cache
    )


def _check(scene: FaultContext, body: Json | None) -> Violation | None:
    if body is None:
        return None
    if scene.wire == "anthropic":
        if "anthropic-version" not in scene.request.headers:
            return Violation("anthropic-version: header is required")
        return anthropic_rules.check(body)
    if scene.wire == "gemini":
        return gemini_rules.check(body, scene.model)
    return openai_rules.check(body, scene.house.flavour)


def _think(scene: FaultContext, asked: ReceivedRequest) -> Answer:
    return answer_for(asked, f"{scene.house.name}/{scene.model}")


def _openai(scene: FaultContext, body: Json, cache: PromptCache) -> HttpReply:
    asked = openai_chat.read(body)
    answer = _think(scene, asked)
    price, voice = scene.house.price, VOICES[scene.house.flavour]
    cached = cache.use_unmarked(body) if voice.caches else CachedTokens()
    read = min(cached.read, asked.input_tokens)
    spent = _spent(asked.input_tokens, answer, replace(cached, read=read))
    counts = UsageCounts(
        prompt=spent.input,
        completion=spent.output,
        reasoning=spent.reasoning,
        audio=asked.media_tokens.get("audio", 0),
        cached=spent.cached.read,
        cost=_cost(price, spent) if price else None,
    )
    writer = openai_chat.ChatWriter(scene.house, scene.ids, int(scene.wall), body, answer, counts)
    if asked.stream:
        return _streamed(scene, writer.events(), voice.stream_type, spent)
    return _whole(scene, writer.whole(), JSON, spent)


def _cost(price: Price, spent: TokensSpent) -> tuple[int, int]:
    """Return what the input and the output of an answer cost, in nano-dollars."""
    taken = spent.output * price.output
    return price.of(spent) - taken, taken


def _spent(given: int, answer: Answer, cached: CachedTokens = CachedTokens()) -> TokensSpent:  # noqa: B008  # frozen
    return TokensSpent(
        input=given,
        output=answer.output_tokens,
        reasoning=answer.reasoning_tokens,
        cached=cached,
    )


def _anthropic(scene: FaultContext, body: Json, cache: PromptCache) -> HttpReply:
    asked = anthropic_messages.read(body)
    answer = _think(scene, asked)
    cached = cache.use(body)
    total = max(asked.input_tokens, cached.read + cached.written)
    writer = anthropic_messages.MessagesWriter(scene.ids, body, answer, total, cached)
    spent = _spent(total, answer, cached)
    if asked.stream:
        return _streamed(scene, writer.events(), _EVENTS, spent)
    return _whole(scene, writer.whole(), JSON, spent)


def _gemini(scene: FaultContext, body: Json, _: PromptCache) -> HttpReply:
    asked = gemini.read(body, scene.model, stream=scene.stream)
    answer = _think(scene, asked)
    writer = gemini.GeminiWriter(
        scene.ids, scene.model, answer, asked.input_tokens, asked.media_tokens
    )
    spent = _spent(asked.input_tokens, answer)
    if asked.stream and scene.request.asks("alt") == "sse":
        return _streamed(scene, writer.events(), "text/event-stream", spent)
    kind = "application/json; charset=UTF-8"
    if asked.stream:
        return _streamed(scene, writer.events(sse=False), kind, spent)
    return _whole(scene, writer.whole(), kind, spent)


def _whole(scene: FaultContext, body: Json, kind: str, spent: TokensSpent) -> HttpReply:
    return HttpReply(
        headers={"content-type": kind, **scene.headers()},
        parts=(BodyPart(_PADDING.get(scene.house.name, b"") + dumps(body), spent.output),),
        billed=True,
        spent=spent,
    )


def _streamed(
    scene: FaultContext, parts: tuple[BodyPart, ...], kind: str, spent: TokensSpent
) -> HttpReply:
    return HttpReply(
        headers={"content-type": kind, **scene.headers()},
        parts=parts,
        streamed=True,
        billed=True,
        spent=spent,
    )


def ids_of(house: str, number: int) -> Ids:
    """Return the ids of an exchange."""
    return Ids(f"{house}/{number}")
