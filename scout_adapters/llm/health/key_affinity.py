"""Which API keys answered a conversation: its prompt is cached in their accounts."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CONVERSATIONS = 50_000
"""Conversations in each of two generations; the older generation is dropped as a whole."""

MAX_KEYS = 4
"""Number of keys remembered per conversation: under load, several accounts cache its prompt."""

MAX_IN_FLIGHT = 8
"""Requests in flight with a key, from which on calls of its conversation use another key."""

Keys = str | tuple[str, ...]
"""Fingerprints of a conversation's keys, the latest first; a single one as a plain `str`."""


class KeyAffinity:
    """The latest keys of conversations, by digest. Use it with `health_lock` acquired.

    A conversation is dropped one to two lifetimes after its last answer. 100,000 take 12 MiB.
    """

    def __init__(self, seconds: float, limit: int = MAX_CONVERSATIONS) -> None:
        """`seconds`: lifetime of a conversation. `limit`: conversations in one generation."""
        self._seconds = seconds
        self._limit = limit
        self._young: dict[bytes, Keys] = {}
        self._old: dict[bytes, Keys] = {}
        self._turned = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def keys_of(self, conversation: bytes, now: float) -> tuple[str, ...]:
        """Return the fingerprints of a conversation's keys, the latest first; () if unknown."""
        if now - self._turned > self._seconds:
            self._turn(now)
        keys = self._young.get(conversation) or self._old.get(conversation) or ()
        return (keys,) if isinstance(keys, str) else keys

    def remember(self, conversation: bytes, key_id: str, now: float) -> None:
        """Put a key first among those of a conversation."""
        if len(self._young) >= self._limit:
            self._turn(now)
        before = self.keys_of(conversation, now)
        if before[1:]:
            others = tuple(other for other in before if other != key_id)
            self._young[conversation] = (key_id, *others[: MAX_KEYS - 1])
        else:
            self._young[conversation] = key_id if before in {(), (key_id,)} else (key_id, *before)

    def _turn(self, now: float) -> None:
        """Drop the older generation; the younger one takes its place."""
        idle = now - self._turned > 2 * self._seconds
        self._old, self._young = {} if idle else self._young, {}
        self._turned = now

    def clear(self) -> None:
        """Forget all conversations, and when the generations last changed."""
        self._young, self._old, self._turned = {}, {}, 0.0


@dataclass(frozen=True, slots=True)
class ConversationKeys:
    """The keys of one conversation at one provider and model."""

    digest: bytes
    affinity: KeyAffinity

    def keys(self, now: float) -> tuple[str, ...]:
        """Return the fingerprints of the keys that answered this conversation, the latest first.

        Empty if it is unknown, or was dropped before `now` (monotonic seconds).
        """
        return self.affinity.keys_of(self.digest, now)

    def first_key(self, count: int) -> int:
        """Return the index, below `count`, of the key for a conversation's first call.

        It is the same in every process: the next turn may reach another process, and the prompt
        is cached in the account of one key.
        """
        return int.from_bytes(self.digest[:8], "big") % count

    def remember(self, key_id: str, now: float) -> None:
        """Record that a key gave the latest answer, so that its account has the prompt cached."""
        self.affinity.remember(self.digest, key_id, now)


_by_lifetime: dict[float, KeyAffinity] = {}


def affinity_for(seconds: float) -> KeyAffinity:
    """Return the process's `KeyAffinity` for providers that cache prompts for `seconds`."""
    return _by_lifetime.get(seconds) or _by_lifetime.setdefault(seconds, KeyAffinity(seconds))


def reset_affinity() -> None:
    """Forget all conversations of the process."""
    for affinity in _by_lifetime.values():
        affinity.clear()
