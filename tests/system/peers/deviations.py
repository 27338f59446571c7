"""Where our message is meant to differ from the official package's, and why ours is right.

A row names a cause, which can be read from the record, never single records. A difference
must be explained by one row, and a row that explains nothing is to be removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from langchain_core import exceptions
from packaging.version import Version

from tests.system.peers.comparison import Difference
from tests.system.peers.records import Record


def always(_difference: Difference) -> bool:
    """Accept any values: the cause is sufficient."""
    return True


@dataclass(frozen=True)
class Deviation:
    """One row: `cause` reads the record, `shows` the two values."""

    provider: str
    name: str
    fields: frozenset[str]
    cause: Callable[[Record], bool]
    reason: str
    shows: Callable[[Difference], bool] = always

    def explains(self, difference: Difference) -> bool:
        record = difference.record
        if record.provider != self.provider or difference.field not in self.fields:
            return False
        return self.cause(record) and self.shows(difference)


def any_record(_record: Record) -> bool:
    """Hold for every record: the cause lies in the official package alone."""
    return True


def ours_only(difference: Difference) -> bool:
    """Return whether only our message has it."""
    return difference.official is None


def official_only(difference: Difference) -> bool:
    """Return whether only the official message has it."""
    return difference.ours is None


def anywhere(value: Any, name: str) -> Iterator[Any]:
    """Find the values under a name, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == name:
                yield each
            yield from anywhere(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from anywhere(each, name)


def has(name: str) -> Callable[[Record], bool]:
    """Return a predicate: the answer contains a field."""
    return lambda record: any(each is not None for each in anywhere(record.bodies, name))


def repeats(difference: Difference) -> bool:
    """Return whether the official value is ours, repeated."""
    ours, official = str(difference.ours), str(difference.official)
    return bool(ours) and official == ours * (len(official) // len(ours)) != ours


def _same_thoughts(difference: Difference) -> bool:
    """Return whether two lists of details are equal but for cuts and labels."""

    def words(details: Any) -> list[str]:
        kinds = ("text", "summary", "data", "signature")
        return ["".join(each.get(kind) or "" for each in details) for kind in kinds]

    return words(difference.ours) == words(difference.official)


def only_ours_has_results(difference: Difference) -> bool:
    """Return whether our message has the results of a search and the official one has none."""
    results = "search_results"
    return results in str(difference.ours) and results not in str(difference.official)


GROQ = [
    Deviation(
        "groq",
        "tools under one index",
        frozenset({"blocks.server_tool_call", "call_ids", "kwargs.executed_tools"}),
        lambda record: record.streamed and has("executed_tools")(record),
        "ChatGroq adds up the arguments of all tools with the same index; ours are separate.",
        lambda difference: not only_ours_has_results(difference),
    ),
    Deviation(
        "groq",
        "calls are not kept twice",
        frozenset({"kwargs.tool_calls"}),
        has("tool_calls"),
        "The raw calls are from before LangChain had `tool_calls`, which has the same calls; "
        "kept twice, they would fill every state that is saved.",
        official_only,
    ),
    Deviation(
        "groq",
        "the model that answered",
        frozenset({"metadata.model_name"}),
        lambda record: record.model not in set(anywhere(record.bodies, "model")),
        "The answer names the model that answered and is billed; ChatGroq names the one asked for.",
        lambda difference: difference.official == difference.record.model,
    ),
    Deviation(
        "groq",
        "a service tier that nobody named",
        frozenset({"metadata.service_tier"}),
        lambda record: not has("service_tier")(record),
        "The answer names no tier; ChatGroq repeats its own default.",
        lambda difference: (difference.ours, difference.official) == (None, "on_demand"),
    ),
    Deviation(
        "groq",
        "search results of a stream",
        frozenset({"kwargs.executed_tools", "blocks.server_tool_result"}),
        lambda record: record.streamed and has("executed_tools")(record),
        "The results come in an event of their own, which ChatGroq's merging of chunks loses.",
        only_ours_has_results,
    ),
]

CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"})
"""Finish reasons of answers that reached their limit, OpenRouter's and its providers' own."""


def _finish_reasons(record: Record) -> Iterator[Any]:
    for name in ("finish_reason", "native_finish_reason"):
        yield from anywhere(record.bodies, name)


TIER_KINDS = ("cache_read", "cache_creation", "reasoning")
"""Kinds of tokens whose names ChatOpenAI puts a tier before."""

OPENAI = [
    Deviation(
        "openai",
        "a model that lacks a feature is there",
        frozenset({"error"}),
        lambda record: record.status == 404 and "not supported" in record.text,
        "The 404 says that the model does not do what was asked, not that it is not there; "
        "another model name is not what mends it.",
    ),
    Deviation(
        "openai",
        "a call that was cut off in a stream",
        frozenset({"blocks", "blocks.tool_call", "call_ids", "invalid_tool_calls", "tool_calls"}),
        lambda record: record.streamed and "length" in anywhere(record.bodies, "finish_reason"),
        "Core closes brackets and strings that the model did not write, and an agent would run "
        "the call; ours is invalid, as in a whole answer.",
    ),
    Deviation(
        "openai",
        "the names of tokens in a tier",
        frozenset(
            f"usage.{part}_token_details.{name}"
            for part in ("input", "output")
            for tier in ("flex", "priority")
            for name in (tier, *(f"{tier}_{kind}" for kind in TIER_KINDS), *TIER_KINDS)
        ),
        lambda record: not {"flex", "priority"}.isdisjoint(anywhere(record.bodies, "service_tier")),
        "Counts have the same names in every tier, as of other providers; `service_tier` in the "
        "metadata names the tier, by which costs are computed.",
    ),
    Deviation(
        "openai",
        "a key that may not do this",
        frozenset({"error"}),
        lambda record: record.status == 401 and "insufficient permissions" in record.text,
        "The key itself is good and answers other requests: another model or provider may do it.",
    ),
]

OPENROUTER = [
    Deviation(
        "openrouter",
        "a call that was cut off in a stream",
        frozenset({"blocks", "blocks.tool_call", "call_ids", "invalid_tool_calls", "tool_calls"}),
        lambda record: record.streamed and not CUT_OFF.isdisjoint(_finish_reasons(record)),
        "Core closes brackets and strings that the model did not write, and an agent would run "
        "the call; ours is invalid, as in a whole answer.",
    ),
    Deviation(
        "openrouter",
        "thoughts in the form in which they are sent back",
        frozenset({"kwargs.reasoning_details"}),
        lambda record: record.streamed and has("reasoning_details")(record),
        "Each fragment names its format, and a kind of its own may follow under the same index; "
        "ChatOpenRouter joins all of it to `anthropic-claude-v1anthropic-claude-v1`, or a summary "
        "with encrypted thoughts, which OpenRouter wants back as they were. "
        "https://openrouter.ai/docs/guides/best-practices/reasoning-tokens",
        _same_thoughts,
    ),
    Deviation(
        "openrouter",
        "the envelope",
        frozenset({"metadata.created", "metadata.object"}),
        any_record,
        "They are the HTTP body's, not the answer's; ChatOpenAI and ChatGroq leave them out too.",
        official_only,
    ),
    Deviation(
        "openrouter",
        "tokens of sound",
        frozenset({"usage.input_token_details.audio", "usage.output_token_details.audio"}),
        has("audio_tokens"),
        "They have a price of their own; ChatOpenAI counts them, ChatOpenRouter does not.",
        ours_only,
    ),
    Deviation(
        "openrouter",
        "an error beside the words of an answer",
        frozenset({"refused"}),
        lambda record: "error_in_200" in record.features,
        "The answer broke off, or was withdrawn as inappropriate; ChatOpenRouter passes it for an "
        "answer, whole or streamed. "
        "https://openrouter.ai/docs/api-reference/errors",
        ours_only,
    ),
]


def _lost(provider: str, cause: Callable[[Record], bool], reason: str) -> Deviation:
    """Make the row of a refusal whose words the official package loses in streams."""
    return Deviation(
        provider,
        "a refusal in a stream",
        frozenset({"blocks", "blocks.refusal"}),
        cause,
        reason,
        lambda difference: difference.official is None and "refusal" in str(difference),
    )


SHOWN = hasattr(exceptions, "ModelRefusalError")
"""LangChain shows refusals since langchain-core 1.7.5."""

UNNAMED = Version(version("langchain-google-genai")) < Version("4.4.3")
"""Until then ChatGoogleGenerativeAI did not say who made a blocked answer: that hid it."""

REFUSALS = [
    _lost(
        "openai",
        has("refusal"),
        "ChatOpenAI loses the words of a refusal in a stream; LangChain shows ours.",
    )
] * SHOWN + [
    _lost(
        "google",
        has("blockReason"),
        "The official stream does not say who made a blocked answer: that hides it.",
    )
] * (SHOWN and UNNAMED)
