"""Model profiles (LangChain's `ModelProfile`): windows, inputs, tools, schemas.

The data are those of LangChain's partner packages, which take them from models.dev. Each file in
`data` names its source, version and date; `make profiles` fetches the newest. A provider's file is
read on first use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import orjson

from scout_adapters._internal.bounded_dict import BoundedDict

if TYPE_CHECKING:  # slow to import, and loaded already where a chat model exists
    from langchain_core.language_models.model_profile import ModelProfile

    from scout_adapters.llm.types import ProviderSpec

Facts = dict[str, Any]

DATA = Path(__file__).with_name("data")


class FileContents(NamedTuple):
    """A provider's profiles."""

    fields: Sequence[str] = ()
    facts: Mapping[str, Sequence[Any]] = MappingProxyType({})
    """By the model's name: the values of `fields`, None if unknown. Dicts take five times as much
    memory."""

    snapshots: Mapping[str, str] = MappingProxyType({})
    """The listed snapshot of a model of which only one is listed."""

    def profile(self, name: str) -> ModelProfile | None:
        """Return a new profile, which the caller may change; None if the name is not listed."""
        values = self.facts.get(name)
        if values is None:
            return None
        known = {f: v for f, v in zip(self.fields, values, strict=True) if v is not None}
        return _copy_profile(known)


_profiles: dict[str, FileContents] = {}
"""What the files contain, by provider, as `_load_profiles` returns it."""

SNAPSHOT_DATE = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")
"""The end of a snapshot's name: `claude-haiku-4-5-20251001`, `gpt-4.1-2025-04-14`."""

ROUTING_SUFFIX = re.compile(r":(nitro|floor|online|exacto)$")
"""OpenRouter's suffixes for routing to the same model. `:free` and `:extended` are other models:
https://openrouter.ai/docs/guides/routing/model-variants"""

MEDIA_FIELDS = {
    "image": ("image_inputs", "image_url_inputs", "image_tool_message"),
    "audio": ("audio_inputs",),
    "file": ("pdf_inputs", "pdf_tool_message"),
    "video": ("video_inputs",),
}
"""Profile fields that are false where a type of media cannot be sent."""


def published_profile(provider: str, model: str) -> ModelProfile | None:
    """Return the published profile of a model; None if its name is unknown.

    A dated snapshot that is not listed has the profile of its model. A model of which only one
    snapshot is listed has the profile of that.
    """
    contents = _load_profiles(provider)
    name = model.removeprefix("models/").lower()
    for candidate in (
        name,
        ROUTING_SUFFIX.sub("", name),
        SNAPSHOT_DATE.sub("", name),
        contents.snapshots.get(name, ""),
    ):
        if (profile := contents.profile(candidate)) is not None:
            return profile
    return None


def model_profile(spec: ProviderSpec, model: str) -> ModelProfile | None:
    """Return the profile of a model as it is reached through a card; None if unknown.

    A profile in the card wins and is returned unchanged. A published profile is reduced to what
    this package sends. `structured_output` means a schema together with tools, as agents use it.
    """
    if own := spec.profiles.get(model):
        return _copy_profile(own)
    entry = _restricted.get((id(spec), model))
    if entry is None:
        published = _published(spec, model)
        restricted = published and _restrict_profile(cast("Facts", published), spec, model)
        entry = spec, restricted
        _restricted.put((id(spec), model), entry)
    return None if entry[1] is None else _copy_profile(entry[1])


_restricted: BoundedDict[tuple[int, str], tuple[ProviderSpec, ModelProfile | None]]
_restricted = BoundedDict(limit=512)
"""Published profiles by card and model. An entry holds its card, so that the card's id is not used
again."""


def _published(spec: ProviderSpec, model: str) -> ModelProfile | None:
    """Return the published profile of a card's model, from the first source that has one."""
    known = spec.known_model(model)
    sources = spec.profiles_of or (spec.name,)
    return next((p for source in sources if (p := published_profile(source, known))), None)


def takes_schema(spec: ProviderSpec, model: str, *, is_open: bool = False) -> bool:
    """Return whether `response_format` accepts a JSON schema; `is_open`: one that is not closed.

    If the card states it for all models, a published profile may still exclude an older model.
    """
    if is_open and spec.wire is not None and spec.card_of(model).wire.closes_schemas:
        return False
    if spec.json_schema is not True:
        return spec.takes_schema(model)
    profile = spec.profiles.get(model) or _published(spec, model) or {}
    return profile.get("structured_output") is not False


def common_profile(profiles: Sequence[ModelProfile | None]) -> ModelProfile | None:
    """Return the profile that is valid for every one of these models; None if it is empty.

    Limits are the smallest; lists contain what is in all of them; other values stay if all are
    equal. A field that is false for one model is false. Any other field that is unknown for one
    model is left out.
    """
    all_facts = [cast("Facts", profile or {}) for profile in profiles]
    names = dict.fromkeys(name for facts in all_facts for name in facts)
    common = {name: _common_value([facts.get(name) for facts in all_facts]) for name in names}
    return cast("ModelProfile", {k: v for k, v in common.items() if v is not None}) or None


def _common_value(values: list[Any]) -> Any:
    for value in values:
        if value is False:
            return False
    if None in values:
        return None
    kinds = set(map(type, values))
    if kinds == {int}:
        return min(values)
    if kinds == {list}:
        return reduce(lambda first, other: [item for item in first if item in other], values)
    return values[0] if values.count(values[0]) == len(values) else None


def _restrict_profile(facts: Facts, spec: ProviderSpec, model: str) -> ModelProfile:
    """Set fields to false that this package or the card's provider does not support."""
    card = spec.card_of(model)
    media = () if card.wire is None else card.wire.unsupported_media(card)
    unsupported = [name for kind in media for name in MEDIA_FIELDS[kind]]
    unsupported.append("mid_conversation_tools")  # no wire sends tools that are part of a message
    if not isinstance(spec.json_schema, bool | None) or spec.json_schema is False:
        facts["structured_output"] = spec.takes_schema(model)
    if not spec.takes_schema_beside_tools(model):
        unsupported.append("structured_output")
    return cast("ModelProfile", facts | {name: False for name in unsupported if facts.get(name)})


def are_profiles_read(providers: Iterable[str]) -> bool:
    """Return whether the files of these providers have been read in this process."""
    return all(provider in _profiles for provider in providers)


def read_profiles(providers: Iterable[str]) -> None:
    """Read the files of providers; blocks, as `published_profile` does at the first use of each."""
    for provider in providers:
        _load_profiles(provider)


def _load_profiles(provider: str) -> FileContents:
    if (known := _profiles.get(provider)) is None:
        known = _profiles[provider] = _read_profiles(DATA / f"{provider}.json")
    return known


def _read_profiles(file: Path) -> FileContents:
    if not file.is_file():
        return FileContents()
    from langchain_core.language_models.model_profile import ModelProfile  # noqa: PLC0415  # above

    # An older core would warn about fields that are newer than it.
    fields = tuple(ModelProfile.__annotations__)
    models: Mapping[str, Facts] = orjson.loads(file.read_bytes())["models"]
    facts = {name.lower(): tuple(map(known.get, fields)) for name, known in models.items()}
    return FileContents(fields, facts, _only_snapshots(facts))


def _only_snapshots(names: Iterable[str]) -> dict[str, str]:
    by_name: dict[str, list[str]] = {}
    for name in names:
        if SNAPSHOT_DATE.search(name):
            by_name.setdefault(SNAPSHOT_DATE.sub("", name), []).append(name)
    return {name: dated[0] for name, dated in by_name.items() if len(dated) == 1}


def _copy_profile(facts: Mapping[str, Any]) -> ModelProfile:
    """Return a copy of a profile, which the user may change."""
    own = {name: [*fact] if isinstance(fact, list) else fact for name, fact in facts.items()}
    return cast("ModelProfile", own)
