"""Lengths of each model's last answers, to estimate the cost of calls without `max_tokens`."""

from __future__ import annotations

from collections import deque

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.fork import fork_safe_lock

REMEMBERED_ANSWERS = 100
"""Number of answers remembered of each model. The longest of a hundred is about their 99th
percentile: if lengths do not change over time, one in 101 further answers is longer."""

ENOUGH_ANSWERS = 20
"""Number of answers of a model below which at least `MIN_ANSWER_TOKENS` are assumed."""

MIN_ANSWER_TOKENS = 4096
"""Tokens: more than most answers with reasoning, and less than a sixth of what models can write."""

MAX_MODELS = 1000
"""Number of models whose answers are remembered; beyond it, the oldest are dropped."""


class AnswerLengths:
    """The output tokens of the last answers of each model; thread-safe.

    lengths.add("groq/openai/gpt-oss-120b", 180)
    tokens = lengths.longest("groq/openai/gpt-oss-120b")
    """

    def __init__(self) -> None:
        self._by_model: BoundedDict[str, deque[int]] = BoundedDict(MAX_MODELS)
        self._lock = fork_safe_lock()

    def add(self, model: str, output_tokens: int) -> None:
        """Add an answer's output tokens, including reasoning tokens."""
        with self._lock:
            lengths = self._by_model.get(model)
            if lengths is None:
                lengths = deque[int](maxlen=REMEMBERED_ANSWERS)
                self._by_model.put(model, lengths)
            lengths.append(output_tokens)

    def longest(self, model: str) -> int:
        """Return the tokens to assume for the next answer: the longest of the last hundred.

        At least `MIN_ANSWER_TOKENS` until `ENOUGH_ANSWERS` were seen.
        """
        with self._lock:
            lengths = self._by_model.get(model, ())
            floor = 1 if len(lengths) >= ENOUGH_ANSWERS else MIN_ANSWER_TOKENS
            return max(floor, *lengths) if lengths else floor
