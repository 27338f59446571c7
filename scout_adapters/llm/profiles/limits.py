"""What is known of a model ahead of a call, by its provider's card or by what is published."""

from __future__ import annotations

from dataclasses import dataclass

from scout_adapters.llm.pricing.price_list import context_window
from scout_adapters.llm.profiles.lookup import profile_on
from scout_adapters.llm.types import ProviderSpec

IMAGE, DEAR_IMAGE = 10_000, 50_000
"""Tokens of a picture. OpenAI's small models count one as up to 48,169:
https://platform.openai.com/docs/guides/images-vision#calculating-costs"""

WRITES = frozenset({"cache_write"})
MARKED_WRITES = frozenset({"cache_write", "cache_write_1h"})
"""The kinds of tokens that a cache may be written with: at one price, or at an hour's too where
the request marks what to write."""


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What a model takes and gives. Tokens; None where that is not known."""

    window: int | None
    answer: int | None
    stated: bool = True
    """Whether `max_tokens` bounds all of an answer, thoughts too."""

    image: int = IMAGE
    writes: frozenset[str] = frozenset()
    """The kinds of tokens that it writes to its cache unasked."""


def limits_of(spec: ProviderSpec, model: str) -> ModelLimits:
    """Return a model's limits: by its card, or by what is published of it."""
    held = _known.get((id(spec), model))
    if held is None:
        held = _known[id(spec), model] = (spec, _look_up(spec, model))
    return held[1]


_known: dict[tuple[int, str], tuple[ProviderSpec, ModelLimits]] = {}
"""What was looked up, with the card, which lives as long as its id stands for it."""


def _look_up(spec: ProviderSpec, model: str) -> ModelLimits:
    profile, beyond = profile_on(spec, model) or {}, spec.thoughts_beyond
    return ModelLimits(
        window=profile.get("max_input_tokens") or context_window(spec.prices or spec.name, model),
        answer=profile.get("max_output_tokens"),
        stated=beyond is None or not beyond.match(model),
        image=DEAR_IMAGE if "mini" in model or "nano" in model else IMAGE,
        # Claude writes what is marked, others whatever they like, at a price of its own.
        writes=frozenset() if "claude" in model else WRITES,
    )
