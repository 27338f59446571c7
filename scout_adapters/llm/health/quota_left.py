"""What is left of rate limits, by model: of one key, or of an account with several keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from scout_adapters.llm.health.remembered_models import remember

Counts = Literal["requests", "tokens"]


class QuotaUser(Protocol):
    """A key that waits until more is left."""

    def notify(self) -> None:
        """Mark the key for re-ranking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLeft:
    """Requests or tokens left of a rate limit; valid until `until` (monotonic seconds)."""

    counts: Counts
    left: int
    until: float


class QuotaLeftByModel(dict[str, tuple[QuotaLeft, ...]]):
    """Quota left by model, from the last answer; shared by all keys of an account."""

    is_of_account = False
    """Whether an account has it, not one key alone."""

    shared: SharedQuotas | None = None
    """Set when it is shared with other processes."""

    def __init__(self, *initial: Iterable[tuple[str, tuple[QuotaLeft, ...]]]) -> None:
        super().__init__(*initial)
        self._waiting_keys: dict[QuotaUser, None] = {}

    def wait_for_more(self, state: QuotaUser) -> None:
        """Register a key: its listeners are notified when more quota may be left."""
        remember(self._waiting_keys, state, None)

    def store(self, model: str, left: tuple[QuotaLeft, ...]) -> None:
        """Store the quota left for a model; notify waiting keys if a limit has eased."""
        eased = self._waiting_keys and _has_eased(self.get(model, ()), left)
        remember(self, model, left)
        if eased:
            waiting, self._waiting_keys = self._waiting_keys, {}
            for state in waiting:
                state.notify()


def _has_eased(before: tuple[QuotaLeft, ...], left: tuple[QuotaLeft, ...]) -> bool:
    """Return whether a limit now has more left, ends sooner, or is not mentioned any more."""
    return not all(any(_is_not_easier(new, old) for new in left) for old in before)


def _is_not_easier(new: QuotaLeft, old: QuotaLeft) -> bool:
    return new.counts == old.counts and new.left <= old.left and new.until >= old.until


@dataclass(slots=True)
class SharedQuotas:
    """What the processes of a store share about the limits of one key, or of one account."""

    published: dict[str, tuple[QuotaLeft, ...]] = field(default_factory=dict)
    """By model: the last quota left that was sent to all processes."""

    answered_at: dict[str, float] = field(default_factory=dict)
    """By model: when the newest answer was received, here or elsewhere (monotonic seconds)."""
