"""What is remembered of runs: not for ever, as the end of some is never heard of."""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

MAX_RUNS = 10_000

K = TypeVar("K")
V = TypeVar("V")


class BoundedDict(dict[K, V]):
    """A dict that is cut back to its `most` latest keys whenever it has an eighth more."""

    def __init__(self, most: int = MAX_RUNS) -> None:
        super().__init__()
        self.most = most
        self._full = most + most // 8  # one by one, each cut would look at all of them

    def note(self, key: K, value: V) -> list[K]:
        """Hold a value; return the keys that are held no longer."""
        self[key] = value
        return self.cut() if len(self) > self._full else []

    def cut(self) -> list[K]:
        """Drop the oldest keys, and return them."""
        oldest = list(islice(self, max(0, len(self) - self.most)))
        for key in oldest:
            self.pop(key, None)
        return oldest
