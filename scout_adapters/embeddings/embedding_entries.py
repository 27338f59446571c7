"""The models of `ScoutEmbeddings`: checks of their options, and the candidates they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scout_adapters.chat_models.entry_settings import ENTRY_PRIVATE, own_limits, own_timeouts
from scout_adapters.chat_models.limit_options import own_rules
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.router_entries import (
    card_of_entry,
    client_of_entry,
    normalize_entry,
    split_name,
)
from scout_adapters.embeddings.same_model import model_identity
from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from scout_adapters.llm.adapters.embedding_adapter import VectorLength
    from scout_adapters.llm.engine.candidate import Candidate
    from scout_adapters.llm.types import EmbeddingsApi, ProviderSpec

ENTRY_NAMES = frozenset(
    {
        *("model", "base_model", "base_url", "dimensions", "extra", "placeholders", "timeout"),
        *ENTRY_PRIVATE,
    }
)
"""Keys of a dict entry of `models=[...]`."""

REFUSED: Mapping[str, str] = {
    "embedding_ctx_length": "texts are sent whole; a longer one raises ContextOverflow",
    "deployment": "pass model=",
    "tiktoken_enabled": "texts are sent as text",
    "tiktoken_model_name": "texts are sent as text",
    "allowed_special": "texts are sent as text",
    "disallowed_special": "texts are sent as text",
    "skip_empty": "an empty text raises an error that has its index",
    "show_progress_bar": "pass callbacks= to follow the requests",
    "retry_min_seconds": "pass max_wait=",
    "retry_max_seconds": "pass max_wait=",
    "titles": "write the title at the start of the text",
}
"""Options of `OpenAIEmbeddings` and `GoogleGenerativeAIEmbeddings`, and what to do instead."""

CUT = "check_embedding_ctx_length"
"""The option of `OpenAIEmbeddings` that cuts long texts and averages the vectors of the parts."""


def refuse_options(options: dict[str, Any]) -> None:
    """Refuse options of other embeddings classes; take those out that change nothing.

    Raises: `ConfigurationError`, which has what to do instead.
    """
    for name in options.keys() & REFUSED.keys():
        raise ConfigurationError(f"ScoutEmbeddings takes no {name}=: {REFUSED[name]}")
    if options.pop(CUT, False):
        raise ConfigurationError(
            f"ScoutEmbeddings takes no {CUT}=True: long texts are not cut and averaged; split them "
            "before, with a text splitter"
        )
    if "output_dimensionality" in options:
        options["dimensions"] = options.pop("output_dimensionality")


def embedding_rules(card: ProviderSpec) -> OptionRules:
    """Return what a card's embeddings take as options."""
    return OptionRules.of(card)._replace(documented=api_of(card).body_fields)


def api_of(card: ProviderSpec) -> EmbeddingsApi:
    """Return the limits of a card's embeddings; raise `ConfigurationError` if it has none."""
    from scout_adapters.llm.providers.embedding_endpoint import embeddings_of

    return embeddings_of(card)[1]


def check_models(models: Any) -> list[dict[str, Any]]:
    """Return the entries of `models=[...]` as dicts with their options under standard names.

    Raises: `ConfigurationError` for an entry that cannot be used, and if not all are the same
    model; `UnknownProvider`.
    """
    if isinstance(models, str) or not isinstance(models, Sequence) or not models:
        raise ConfigurationError("models= must be a list of at least one model")
    entries = [_checked_entry(entry) for entry in models]
    first, *others = entries
    for other in others:
        check_same_model(first, other)
    return entries


def _checked_entry(entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        api_of(card_of_entry(entry))
        return {"model": entry}
    if not isinstance(entry, Mapping):
        raise ConfigurationError(
            f'models= cannot contain a {type(entry).__name__}: write "provider/model", or a dict '
            'with "model"'
        )
    return normalize_entry(entry, ENTRY_NAMES, embedding_rules)[0]


def check_same_model(first: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise `ConfigurationError` for two entries whose vectors do not mix."""
    names = [_identity(entry) for entry in (first, other)]
    if names[0] != names[1]:
        raise ConfigurationError(
            f"models= must be one model at several providers, because vectors of two models do not "
            f"mix: {first['model']} and {other['model']} are different (if they are the same "
            f"under two names, add base_model={names[0]!r} to the entry)"
        )
    lengths = [entry.get("dimensions") for entry in (first, other)]
    if lengths[0] != lengths[1]:
        raise ConfigurationError(
            f"dimensions= must be the same for all models: {lengths[0]} and {lengths[1]}"
        )


def _identity(entry: Mapping[str, Any]) -> str:
    return model_identity(str(entry.get("base_model") or split_name(entry)[1]))


def build_candidates(
    entries: Sequence[Mapping[str, Any]], network: Mapping[str, Any], length: VectorLength
) -> tuple[Candidate, ...]:
    """Return the candidates of normalized entries; all check their vectors against `length`."""
    fields = [api_of(card_of_entry(entry)).body_fields for entry in entries]
    documented = frozenset().union(*fields)
    return tuple(
        _candidate({**network, **entry}, documented - own, length)
        for entry, own in zip(entries, fields, strict=True)
    )


def _candidate(
    entry: Mapping[str, Any], undocumented: frozenset[str], length: VectorLength
) -> Candidate:
    from scout_adapters.llm.engine.candidate import Candidate
    from scout_adapters.llm.providers.embedding_endpoint import embedding_endpoint

    return Candidate(
        endpoint=embedding_endpoint(client_of_entry(entry), length),
        model=split_name(entry)[1],
        settings={"extra": entry["extra"]} if entry.get("extra") else {},
        undocumented=undocumented,
        timeouts=own_timeouts(entry.get("timeout")),
        limiter=entry.get("rate_limiter"),
        limits=own_rules(own_limits(entry), *split_name(entry)),
    )
