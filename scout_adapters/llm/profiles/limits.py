"""Limits of a model that are known before a call: context window, longest answer.

The source is the provider's card, or else published profiles and catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.llm.pricing.price_list import context_window
from scout_adapters.llm.profiles.lookup import model_profile, takes_schema
from scout_adapters.llm.types import ProviderSpec

IMAGE, DEAR_IMAGE = 10_000, 50_000
"""Tokens of an image. OpenAI's small models count up to 48,169 tokens for one:
https://platform.openai.com/docs/guides/images-vision#calculating-costs"""

FEATURES = {
    "image": "image_inputs",
    "audio": "audio_inputs",
    "video": "video_inputs",
    "file": "pdf_inputs",
    "tools": "tool_calling",
}
"""What a model may take, and the field of its profile."""

WRITES = frozenset({"cache_write"})
MARKED_WRITES = frozenset({"cache_write", "cache_write_1h"})
"""Kinds of cache-write tokens. A request that marks what to cache may have both kinds; other
requests have the first kind only."""


class ModelLimits(NamedTuple):
    """Limits of a model, in tokens; None if unknown."""

    window: int | None
    answer: int | None
    stated: bool = True
    """Whether `max_tokens` limits the whole answer, reasoning tokens included."""

    image: int = IMAGE
    lacks: frozenset[str] = frozenset()
    """What the model is known not to take: `image`, `audio`, `video`, `file`, `tools`, `schema`."""

    writes: frozenset[str] = frozenset()
    """Kinds of tokens that the model writes to its cache without a mark in the request."""

    system: bool = False
    """Whether it is a system of several models that uses provider tools in any answer."""

    window_reads: int = 1
    """Times that an answer with provider tools may fill the window."""


def limits_of(spec: ProviderSpec, model: str) -> ModelLimits:
    """Return the limits of a model: from its provider's card, or from published data."""
    entry = _cache.get((id(spec), model))
    if entry is None:
        entry = (spec, _look_up(spec, model))
        _cache.put((id(spec), model), entry)
    return entry[1]


def clear_limits() -> None:
    """Forget the limits that were looked up."""
    _cache.clear()


def limits_without_card(provider: str, model: str) -> ModelLimits:
    """Return the context window of a model without a card; its longest answer is unknown."""
    return ModelLimits(context_window(provider, model), None)


_cache: BoundedDict[tuple[int, str], tuple[ProviderSpec, ModelLimits]] = BoundedDict(limit=2048)
"""Limits by card and model. An entry holds its card, so that the card's id is not used again."""


def _look_up(spec: ProviderSpec, model: str) -> ModelLimits:
    if parts := spec.systems.get(model):
        return _limits_of_system(spec, parts)
    profile, beyond = model_profile(spec, model) or {}, spec.unlimited_reasoning
    lacks, name = _lacks(spec, model, cast("Mapping[str, Any]", profile)), model
    model = spec.known_model(model)
    priced = spec.deployments.get(name, name)
    return ModelLimits(
        window=profile.get("max_input_tokens") or context_window(spec.prices or spec.name, priced),
        answer=profile.get("max_output_tokens"),
        stated=beyond is None or not beyond.match(model),
        lacks=lacks,
        image=DEAR_IMAGE if "mini" in model or "nano" in model else IMAGE,
        # Claude writes only what the request marks; other models write at will, at an own price.
        writes=frozenset() if "claude" in model else WRITES,
        window_reads=spec.window_reads,
    )


def _limits_of_system(spec: ProviderSpec, models: Sequence[str]) -> ModelLimits:
    """Return the limits of a system of models: those of its largest model, once for each round."""
    parts = [limits_of(spec, model) for model in models]
    answer = max((part.answer or 0 for part in parts), default=0)
    return ModelLimits(
        window=max((part.window or 0 for part in parts), default=0) or None,
        answer=answer * spec.window_reads or None,
        stated=False,
        writes=WRITES,
        system=True,
        window_reads=spec.window_reads,
    )


def _lacks(spec: ProviderSpec, model: str, profile: Mapping[str, Any]) -> frozenset[str]:
    features = {feature for feature, name in FEATURES.items() if profile.get(name) is False}
    if profile and not takes_schema(spec, model) and spec.json_schema is not None:
        features.add("schema")
    return frozenset(features)
