"""Makes the answer that is given where nothing goes wrong: rules, then brain, then writer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing import (
    anthropic_messages,
    anthropic_rules,
    gemini,
    gemini_rules,
    openai_chat,
    openai_rules,
)
from scout_adapters.testing.brain import Answer, think
from scout_adapters.testing.complaints import Complaint
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.reply import JSON, Cached, Json, Part, Reply, Spent, dumps
from scout_adapters.testing.usages import Counts
from scout_adapters.testing.voices import VOICES

if TYPE_CHECKING:
    from scout_adapters.testing.asked import Asked
    from scout_adapters.testing.houses import Price
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.scene import Scene

# OpenRouter keeps the connection alive with blank lines in front of a body.
_PADDING = {"openrouter": b"\n         \n\n         \n"}
_EVENTS = "text/event-stream; charset=utf-8"


def make(scene: Scene, body: Json | None, cache: PromptCache) -> Reply:
    """Answer the request, or refuse it for what it says."""
    complaint = _check(scene, body)
    if complaint is not None or body is None:
        wrong = complaint or Complaint("We could not parse the JSON body of your request.")
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


def _check(scene: Scene, body: Json | None) -> Complaint | None:
    if body is None:
        return None
    if scene.wire == "anthropic":
        if "anthropic-version" not in scene.request.headers:
            return Complaint("anthropic-version: header is required")
        return anthropic_rules.check(body)
    if scene.wire == "gemini":
        return gemini_rules.check(body, scene.model)
    return openai_rules.check(body, scene.house.flavour)


def _think(scene: Scene, asked: Asked) -> Answer:
    return think(asked, f"{scene.house.name}/{scene.model}")


def _openai(scene: Scene, body: Json, cache: PromptCache) -> Reply:
    asked = openai_chat.read(body)
    answer = _think(scene, asked)
    price, voice = scene.house.price, VOICES[scene.house.flavour]
    cached = cache.use_unmarked(body) if voice.caches else Cached()
    read = min(cached.read, asked.input_tokens)
    spent = _spent(asked.input_tokens, answer, replace(cached, read=read))
    counts = Counts(
        prompt=spent.input,
        completion=spent.output,
        reasoning=spent.reasoning,
        audio=asked.media_tokens.get("audio", 0),
        cached=spent.cached.read,
        cost=_cost(price, spent) if price else None,
    )
    writer = openai_chat.Writer(scene.house, scene.ids, int(scene.wall), body, answer, counts)
    if asked.stream:
        return _streamed(scene, writer.events(), voice.stream_type, spent)
    return _whole(scene, writer.whole(), JSON, spent)


def _cost(price: Price, spent: Spent) -> tuple[int, int]:
    """Return what the input and the output of an answer cost, in nano-dollars."""
    taken = spent.output * price.output
    return price.of(spent) - taken, taken


def _spent(given: int, answer: Answer, cached: Cached = Cached()) -> Spent:  # noqa: B008  # frozen
    return Spent(
        input=given,
        output=answer.output_tokens,
        reasoning=answer.reasoning_tokens,
        cached=cached,
    )


def _anthropic(scene: Scene, body: Json, cache: PromptCache) -> Reply:
    asked = anthropic_messages.read(body)
    answer = _think(scene, asked)
    cached = cache.use(body)
    total = max(asked.input_tokens, cached.read + cached.written)
    writer = anthropic_messages.Writer(scene.ids, body, answer, total, cached)
    spent = _spent(total, answer, cached)
    if asked.stream:
        return _streamed(scene, writer.events(), _EVENTS, spent)
    return _whole(scene, writer.whole(), JSON, spent)


def _gemini(scene: Scene, body: Json, _: PromptCache) -> Reply:
    asked = gemini.read(body, scene.model, stream=scene.stream)
    answer = _think(scene, asked)
    writer = gemini.Writer(scene.ids, scene.model, answer, asked.input_tokens, asked.media_tokens)
    spent = _spent(asked.input_tokens, answer)
    if asked.stream and scene.request.asks("alt") == "sse":
        return _streamed(scene, writer.events(), "text/event-stream", spent)
    kind = "application/json; charset=UTF-8"
    if asked.stream:
        return _streamed(scene, writer.events(sse=False), kind, spent)
    return _whole(scene, writer.whole(), kind, spent)


def _whole(scene: Scene, body: Json, kind: str, spent: Spent) -> Reply:
    return Reply(
        headers={"content-type": kind, **scene.headers()},
        parts=(Part(_PADDING.get(scene.house.name, b"") + dumps(body), spent.output),),
        billed=True,
        spent=spent,
    )


def _streamed(scene: Scene, parts: tuple[Part, ...], kind: str, spent: Spent) -> Reply:
    return Reply(
        headers={"content-type": kind, **scene.headers()},
        parts=parts,
        streamed=True,
        billed=True,
        spent=spent,
    )


def ids_of(house: str, number: int) -> Ids:
    """Return the ids of an exchange."""
    return Ids(f"{house}/{number}")
