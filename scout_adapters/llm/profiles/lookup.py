"""What models can do, in the words of LangChain's `ModelProfile`: windows, inputs, tools, schemas.

The data are those of LangChain's partner packages, which make them from models.dev; each file in
`data` names its source, version and date, and `make profiles` takes the newest. They are read on
first need, a provider at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

if TYPE_CHECKING:  # heavy, and known to whoever made a chat model
    from langchain_core.language_models.model_profile import ModelProfile

    from scout_adapters.llm.types import ProviderSpec

Facts = dict[str, Any]

DATA = Path(__file__).with_name("data")

DATED = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")
"""The end of a snapshot's name: `claude-haiku-4-5-20251001`, `gpt-4.1-2025-04-14`."""

ROUTING = re.compile(r":(nitro|floor|online|exacto)$")
"""OpenRouter's words for how to reach a model; `:free` and `:extended` are models of their own:
https://openrouter.ai/docs/guides/routing/model-variants"""

REFUSED = {
    "image": ("image_inputs", "image_url_inputs", "image_tool_message"),
    "audio": ("audio_inputs",),
    "file": ("pdf_inputs", "pdf_tool_message"),
    "video": ("video_inputs",),
}
"""Profile fields that are false where a type of media cannot be sent."""


def profile_of(provider: str, model: str) -> ModelProfile | None:
    """Return what is published of a model; None where its name is unknown, never a guess.

    A dated snapshot that is not listed is the model that it is a snapshot of, and a model that is
    listed by one snapshot only is that one.
    """
    known, snapshots = _shipped(provider)
    name = model.removeprefix("models/").lower()
    for wanted in (name, ROUTING.sub("", name), DATED.sub("", name), snapshots.get(name, "")):
        if found := known.get(wanted):
            return _copied(found)
    return None


def profile_on(spec: ProviderSpec, model: str) -> ModelProfile | None:
    """Return what a model can do when it is asked through a card; None where nobody knows.

    The card's own `profiles` come first and stand as they are. What is published is narrowed to
    what travels here; `structured_output` is what agents take it for, a schema beside tools.
    """
    if own := spec.profiles.get(model):
        return _copied(own)
    published = profile_of(spec.name, model)
    return None if published is None else _narrowed(cast("Facts", published), spec, model)


def takes_schema(spec: ProviderSpec, model: str) -> bool:
    """Tell whether `response_format` takes a JSON schema, by the card; else by what is published.

    A card that speaks for all of its models does not know the ones that came before schemas.
    """
    if spec.json_schema is not True:
        return spec.takes_schema(model)
    known = spec.profiles.get(model) or profile_of(spec.name, model) or {}
    return known.get("structured_output") is not False


def common_profile(profiles: Sequence[ModelProfile | None]) -> ModelProfile | None:
    """Return what one may rely on whichever of these models answers; None if that is nothing.

    Limits are the smallest, and lists what is in all of them; other texts stay where all agree. A
    key that one model does not know is left out, so that nobody plans with half of a limit, and a
    consumer finds nothing to say yes to; but what one of them cannot do, all of them cannot.
    """
    known = [cast("Facts", profile or {}) for profile in profiles]
    names = dict.fromkeys(name for facts in known for name in facts)
    common = {name: _common([facts.get(name) for facts in known]) for name in names}
    return cast("ModelProfile", {k: v for k, v in common.items() if v is not None}) or None


def _common(values: Sequence[Any]) -> Any:
    if any(value is False for value in values):
        return False
    if any(value is None for value in values):
        return None
    if all(type(value) is int for value in values):
        return min(values)
    if all(isinstance(value, list) for value in values):
        return reduce(lambda kept, other: [one for one in kept if one in other], values)
    return values[0] if all(value == values[0] for value in values) else None


def _narrowed(facts: Facts, spec: ProviderSpec, model: str) -> ModelProfile:
    """Take out what this library, or this card, does not carry to the model."""
    cannot = [name for kind in spec.wire.unsupported_media(spec) for name in REFUSED[kind]]
    cannot.append("mid_conversation_tools")  # no wire renders tools that come in a message
    if not isinstance(spec.json_schema, bool | None) or spec.json_schema is False:
        facts["structured_output"] = spec.takes_schema(model)
    if not spec.takes_schema_beside_tools(model):
        cannot.append("structured_output")
    return cast("ModelProfile", facts | {name: False for name in cannot if facts.get(name)})


@cache
def _shipped(provider: str) -> tuple[Mapping[str, Facts], Mapping[str, str]]:
    """Read a provider's file: profiles by name, and the names that have one snapshot only."""
    file = DATA / f"{provider}.json"
    if not file.is_file():
        return {}, {}
    from langchain_core.language_models.model_profile import ModelProfile  # noqa: PLC0415  # above

    # A core that is older than the data would warn of words that it does not know.
    words = ModelProfile.__annotations__
    models: Mapping[str, Facts] = orjson.loads(file.read_bytes())["models"]
    known = {
        name.lower(): {word: fact for word, fact in facts.items() if word in words}
        for name, facts in models.items()
    }
    return known, _only_snapshots(known)


def _only_snapshots(names: Iterable[str]) -> dict[str, str]:
    by_name: dict[str, list[str]] = {}
    for name in names:
        if DATED.search(name):
            by_name.setdefault(DATED.sub("", name), []).append(name)
    return {name: dated[0] for name, dated in by_name.items() if len(dated) == 1}


def _copied(facts: Mapping[str, Any]) -> ModelProfile:
    """Return a profile that its owner may change."""
    own = {name: [*fact] if isinstance(fact, list) else fact for name, fact in facts.items()}
    return cast("ModelProfile", own)
