"""A dict that drops its oldest keys beyond a limit.

Used for runs whose end may never be reported.
"""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

MAX_RUNS = 10_000
"""Keys: the default limit."""

K = TypeVar("K")
V = TypeVar("V")


class BoundedDict(dict[K, V]):
    """A dict that `put` trims to its `limit` newest keys when it is an eighth over the limit."""

    def __init__(self, limit: int = MAX_RUNS) -> None:
        super().__init__()
        self.limit = limit
        self._full = limit + limit // 8  # a trim visits all keys to drop, so it runs rarely

    def put(self, key: K, value: V) -> list[K]:
        """Set a value. Return the keys that were dropped."""
        self[key] = value
        return self.trim() if len(self) > self._full else []

    def trim(self) -> list[K]:
        """Drop the oldest keys beyond the limit, and return them."""
        oldest = list(islice(self, max(0, len(self) - self.limit)))
        for key in oldest:
            self.pop(key, None)
        return oldest
