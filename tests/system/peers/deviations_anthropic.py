"""Where our message is meant to differ from ChatAnthropic's."""

from __future__ import annotations

from tests.system.peers.comparison import Difference
from tests.system.peers.deviations import Deviation
from tests.system.peers.records import Record

WRITTEN = frozenset(
    f"usage.input_token_details.{name}"
    for name in ("cache_creation", "ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens")
)
TAKEN = WRITTEN | {"usage.input_tokens", "usage.total_tokens"}


def counts_input_at_the_end(record: Record) -> bool:
    """Return whether a stream's last counts contain the prompt's tokens, as since 2025."""
    ends = [event.get("usage") or {} for event in record.bodies if event["type"] == "message_delta"]
    return any(counts.get("input_tokens") is not None for counts in ends)


def _counted_nothing(difference: Difference) -> bool:
    """Return whether the official total is the output alone, without input tokens."""
    if difference.field == "usage.total_tokens":
        return bool(difference.ours > difference.official)
    return difference.official is None


def _sorted_differently(difference: Difference) -> bool:
    """Return whether only our message splits the counts by lifetime."""
    if difference.field.endswith("cache_creation"):
        return (difference.ours or 0) < difference.official
    return difference.official is None


def _same_but_for_the_zone(difference: Difference) -> bool:
    official = {**difference.official, "expires_at": difference.ours["expires_at"]}
    zone = difference.official["expires_at"].replace("+00:00", "Z")
    return bool(difference.ours == official and zone == difference.ours["expires_at"])


ANTHROPIC = [
    Deviation(
        "anthropic",
        "a name that no model has",
        frozenset({"error"}),
        lambda record: " " in record.model,
        "A blank is in no model's name: the request is refused before it is sent.",
    ),
    Deviation(
        "anthropic",
        "input that only message_start counts",
        TAKEN | {"usage.input_token_details.cache_read"},
        lambda record: record.streamed and not counts_input_at_the_end(record),
        "What message_delta leaves out stands as message_start said it, as Anthropic's own SDK has "
        "it (`input_tokens` is optional there); ChatAnthropic counts 0 tokens, as if it were free. "
        "https://platform.claude.com/docs/en/build-with-claude/streaming",
        _counted_nothing,
    ),
    Deviation(
        "anthropic",
        "cache writes by lifetime",
        WRITTEN,
        lambda record: record.streamed and counts_input_at_the_end(record),
        "Only message_start tells the lifetimes, which differ in price; ours are as ChatAnthropic "
        "itself has them in whole answers. "
        "https://platform.claude.com/docs/en/build-with-claude/prompt-caching",
        _sorted_differently,
    ),
    Deviation(
        "anthropic",
        "a container's time as it came",
        frozenset({"metadata.container"}),
        lambda record: not record.streamed,
        "The same moment, spelt as the API spells it and ChatAnthropic's own streams.",
        _same_but_for_the_zone,
    ),
]
