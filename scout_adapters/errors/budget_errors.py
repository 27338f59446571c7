"""Errors of budgets: a limit that a request would exceed, and a file that cannot be used."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from langchain_core import exceptions as lc

from scout_adapters.errors.exceptions import ScoutError


class BudgetExceeded(ScoutError, lc.ModelRateLimitError):
    """A request may cost more than a budget has left; it was not sent.

    In US dollars: `asked_usd` is the most that the request may cost (None if unknown), `spent_usd`,
    `held_usd` is reserved for running requests, `left_usd` is what is left of `limit_usd`.
    `budget` is its name and `window` the run, thread, hour, … of the limit, "" in total.
    `model` is `provider/model` of the request, and `limits_answer` whether it sets `max_tokens`:
    without, the model's longest answer is held, or what `answer_tokens=` of the budget assumes
    (`assumes_answer`). `opens_at` is the start of the budget's next window, and `retry_after` the
    seconds until then; None if the budget has no windows.
    """

    is_retryable = False
    passes: Literal["candidate", "key"] | None = None
    """Whether the call may try the next candidate, or the next key; None ends it."""

    def __init__(  # noqa: PLR0913  # independent facts about one error
        self,
        message: str,
        *,
        budget: str,
        asked_usd: float | None,
        spent_usd: float,
        held_usd: float,
        limit_usd: float,
        opens_at: datetime | None = None,
        retry_after: float | None = None,
        window: str = "",
        model: str = "",
        limits_answer: bool = True,
        assumes_answer: bool = False,
    ) -> None:
        super().__init__(message)
        self.budget, self.window = budget, window
        self.model = model
        self.limits_answer, self.assumes_answer = limits_answer, assumes_answer
        self.asked_usd = asked_usd
        self.spent_usd, self.held_usd, self.limit_usd = spent_usd, held_usd, limit_usd
        self.opens_at = opens_at
        self.retry_after = retry_after

    @property
    def left_usd(self) -> float:
        """US dollars that are neither spent nor reserved."""
        return max(0.0, self.limit_usd - self.spent_usd - self.held_usd)


class BudgetError(ScoutError):
    """A budget's file cannot be read or written; no request is sent that it should cover."""
