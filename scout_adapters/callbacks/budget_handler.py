"""What calls may cost: the handler that keeps them within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal
from uuid import UUID

from langchain_core.messages import AIMessage
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.logs import logger_of
from scout_adapters.budget import Account, Balance, BudgetStore, Hold, MemoryBudgets, SqliteBudgets
from scout_adapters.budget.accounts import dollars, nano_of
from scout_adapters.budget.plan import By, Scope, Usd, format_amount, plan_of
from scout_adapters.budget.windows import TIMED, Per, window_at
from scout_adapters.callbacks.other_models import (
    OtherModelProposal,
    record_of_answer,
    record_of_failure,
)
from scout_adapters.callbacks.run_handler import OtherModelCall, RunHandler, is_cached
from scout_adapters.errors import BudgetError, BudgetExceeded, ConfigurationError
from scout_adapters.llm.engine.cost_bound import CostBound
from scout_adapters.llm.engine.observers import ProposedAttempt
from scout_adapters.llm.engine.record import AttemptRecord, Run, run_of

logger = logger_of(__name__)

OnExceeded = Literal["raise", "warn", "cheaper"]

KEPT_WINDOWS = 4
"""Hours, days or months that are remembered: a clock that is set back opens none of them anew."""

KEPT_CALLS = 100_000
"""Calls or runs that are remembered, of those whose end is never heard of."""


class ScoutBudgetCallbackHandler(RunHandler):
    """Keeps what calls cost below a limit, by holding back before each attempt what it may cost.

    Our models ask it before every attempt, retries and failovers too, and go no further without
    room for the most that it can cost: its tokens at the dearest price, and an answer as long as
    `max_tokens` allows (or else as the model can write). When its cost is known, the hold is
    settled to that; where nobody knows (a timeout, a stream that was left), it stays. Models that
    are not ours are asked for once before each call. Nothing is sent that might exceed the limit.
    """

    raise_error = True  # else core would swallow what it raises, and the call go on

    def __init__(  # noqa: PLR0913  # each is a choice of its own
        self,
        limit_usd: Usd | Mapping[str, Usd],
        *,
        per: Per = "total",
        scope: Scope = None,
        on_exceeded: OnExceeded = "raise",
        name: str = "",
        path: str | Path | None = None,
        store: BudgetStore | None = None,
        answer_tokens: int | None = None,
        unpriced: Literal["raise", "allow"] = "raise",
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Allow `limit_usd` for each window `per`, a part of UTC's calendar.

        `scope="user"` is a limit for each user, `{"tag": "team-a"}` one for the calls with that
        tag; with a scope, the limit may be a dict by tag, user, …, `"*"` for all others. Tags are
        LangChain's, the user is `user_id` in a run's metadata.

        `on_exceeded="cheaper"` goes on to the next candidate of a route that there is room for,
        and raises where there is none; `"warn"` says so in the log and lets the call pass.

        `path` keeps the budget in a SQLite file, for all processes of this machine; `name` tells
        budgets in one file apart. `answer_tokens` is how long an answer is taken to be where no
        `max_tokens` is set. `unpriced="allow"` lets models pass whose price nobody knows.
        """
        super().__init__(hears_ends=per in {"call", "run"})
        self._plan = plan_of(limit_usd, per, scope, name)
        if on_exceeded not in {"raise", "warn", "cheaper"}:
            raise ConfigurationError(f"on_exceeded={on_exceeded!r} is none of raise, warn, cheaper")
        if path is not None and per in {"call", "run"}:
            raise ConfigurationError(f"a {per} lives in one process: its budget takes no path=")
        self.on_exceeded, self.answer_tokens = on_exceeded, answer_tokens
        self._allows_unpriced = unpriced == "allow"
        self.store = store or (SqliteBudgets(path, wall=wall) if path else MemoryBudgets())
        self._wall = wall
        endless = per == "total" and self._plan.by is None
        self._shared = self._plan.accounts("") if endless else ()
        """The accounts of every call, where all calls have the same."""

        self._holds: dict[tuple[int, int], Hold] = {}
        """By the number of the run, and that of the attempt in it."""

        self._windows: BoundedDict[str, None] = BoundedDict(
            KEPT_WINDOWS if per in TIMED else KEPT_CALLS
        )

    @property
    def name(self) -> str:
        """Under which its accounts are kept."""
        return self._plan.name

    @property
    def balances(self) -> list[Balance]:
        """How each account stands, by window and scope; integers of nano-dollars."""
        return self.store.balances(self.name)

    @property
    def spent_usd(self) -> float:
        """US dollars spent in the window that is open now, by everybody."""
        return float(dollars(sum(balance.spent for balance in self._open_now())))

    @property
    def held_usd(self) -> float:
        """US dollars held for requests that are under way."""
        return float(dollars(sum(balance.held for balance in self._open_now())))

    def _open_now(self) -> list[Balance]:
        if self._plan.per not in TIMED:
            return self.balances
        window = window_at(self._plan.per, self._wall())
        return [one for one in self.balances if one.account.window == window]

    def on_scout_attempt_admit(self, run: Run, proposal: ProposedAttempt) -> None:
        """Hold what an attempt can cost, or raise `BudgetExceeded`."""
        accounts = self._shared or self._accounts(run, proposal)
        if not accounts:
            return
        bound = proposal.cost_bound(self.answer_tokens)
        amount = bound.nano
        if amount is None:
            amount = self._unpriced(accounts[0], bound)
        held = self.store.hold(accounts, amount)
        if isinstance(held, Balance):
            held = self._beyond(accounts, amount, held)
        self._holds[run.id.int, proposal.number] = held

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Book what it has cost in the place of its hold.

        What cannot be booked stays held, and counts as spent in the end.
        """
        if record.outcome == "skipped":
            return
        hold = self._holds.pop((run.id.int, record.number), None)
        if hold is None:
            return
        amount = None
        if record.billed == "no":
            amount = 0
        elif record.outcome == "ok" and record.cost_usd is not None:
            amount = nano_of(record.cost_usd)
        if amount is not None and amount > hold.amount:
            more = format_amount(amount - hold.amount)
            logger.warning("budget %r: a call cost $%s more than was held for it", self.name, more)
        try:
            self.store.settle(hold, amount)
        except BudgetError as error:
            logger.error(  # noqa: TRY400  # the error says it all in one line
                "budget %r: what a call has cost is not booked: %s", self.name, error
            )

    def _accounts(self, run: Run, proposal: ProposedAttempt) -> list[Account]:
        window, by = self._window(run), self._plan.by
        if by is None:
            return self._plan.accounts(window)
        asked = proposal.about
        who: dict[By, Sequence[str]] = {
            "tag": run.tags or ("",),
            "user": (run.user or "",),
            "provider": (asked["provider"],),
            "model": (f"{asked['provider']}/{asked['model']}",),
            "key": (asked["key_id"] or "",),
        }
        return self._plan.accounts(window, who[by])

    def _window(self, run: Run) -> str:
        match self._plan.per:
            case "call":
                window = str(run.id)
            case "run":
                window = str(self.outermost(run))
            case "total":
                return ""
            case per:
                window = window_at(per, self._wall())
        if window not in self._windows:
            for old in self._windows.put(window, None):
                self._forget(old)
        return window

    def _forget(self, window: str) -> None:
        self._windows.pop(window, None)
        with suppress(BudgetError):  # whoever spends next hears of it
            self.store.forget(self.name, window)

    def _unpriced(self, account: Account, bound: CostBound) -> int:
        """Return what to hold where nobody knows what a call can cost, if it may be made."""
        if self._allows_unpriced:
            return 0
        raise self._passing(self._plan.uncovered(account, bound.why), account)

    def _beyond(self, accounts: Sequence[Account], amount: int, short: Balance) -> Hold:
        """Hold what an account is too short for, or raise: as its owner has said."""
        error = self._passing(self._plan.refusal(short, amount, self._wall()), short.account)
        if self.on_exceeded != "warn":
            raise error
        logger.warning("%s; it is made all the same", error)
        held = self.store.hold(accounts, amount, beyond=True)
        assert isinstance(held, Hold)  # noqa: S101  # what `beyond` is for
        return held

    def _passing(self, error: BudgetExceeded, account: Account) -> BudgetExceeded:
        if self.on_exceeded == "cheaper":
            error.passes = "key" if account.scope.startswith("key=") else "candidate"
        return error

    @override
    def _foreign_started(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_admit(call.run, OtherModelProposal(call))

    @override
    def _foreign_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        run = call.run if call else run_of(run_id, None, None, None)
        for answer in answers if (run_id.int, 1) in self._holds else ():
            record = record_of_answer(call, answer)
            known = record._replace(billed="no") if is_cached(answer) else record
            self.on_scout_attempt_end(run, known)

    @override
    def _foreign_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is not None:
            self.on_scout_attempt_end(
                call.run, record_of_failure(call, type(error).__name__, error)
            )

    @override
    def _foreign_cancelled(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_end(call.run, record_of_failure(call, "cancelled"))

    @override
    def _left(self, kind: str, run_id: UUID, error: BaseException | None) -> None:
        if self._hears_ends:
            self._over(run_id)

    @override
    def _over(self, run_id: UUID) -> None:
        if str(run_id) in self._windows:
            self._forget(str(run_id))
