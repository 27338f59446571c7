"""The callback handler that keeps the cost of calls within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Literal, Self
from uuid import UUID

from langchain_core.messages import AIMessage
from typing_extensions import override

from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.budget import (
    Account,
    Balance,
    BudgetStore,
    Hold,
    OnStoreError,
    open_store,
    traits_of,
)
from scout_adapters.budget.accounts import dollars, nano_of
from scout_adapters.budget.answer_lengths import AnswerLengths
from scout_adapters.budget.plan import (
    ProposedCall,
    Scope,
    Usd,
    check_options,
    format_amount,
    plan_of,
)
from scout_adapters.budget.windows import TIMED, Per, window_at
from scout_adapters.callbacks.advance_handler import AdvanceHandler
from scout_adapters.callbacks.call_accounts import CallAccounts
from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.callbacks.open_holds import OpenHolds
from scout_adapters.callbacks.other_model_proposal import OtherModelProposal
from scout_adapters.callbacks.other_models import (
    record_of_answer,
    record_of_failure,
    record_without_answer,
)
from scout_adapters.callbacks.run_handler import is_cached
from scout_adapters.errors import BudgetError, BudgetExceeded
from scout_adapters.llm.engine.cost_bound import CostBound
from scout_adapters.llm.engine.observers import ProposedAttempt
from scout_adapters.llm.engine.record import AttemptRecord, Run, run_of
from scout_adapters.llm.pricing.price_list import is_cost

logger = logger_of(__name__)

OnExceeded = Literal["raise", "warn", "cheaper"]


class ScoutBudgetCallbackHandler(AdvanceHandler):
    """Keeps the cost of calls within a limit: holds the possible cost before each attempt.

        budget = ScoutBudgetCallbackHandler(5.00, per="day", path="budgets.db")
        model.invoke("Hello", config={"callbacks": [budget]}); print(budget.spent_usd)

    Before every attempt, retries and failovers too, the most that it can cost is held: its tokens
    at the highest price that may apply, and an answer of `max_tokens`, or else as long as the model
    can write. When the cost is known, the hold is settled to it. If the cost stays unknown (a
    timeout, an abandoned stream), the hold counts as spent. A call of another LangChain model is
    held once, before it starts.

    Raises: `BudgetExceeded` before a request that might exceed the limit; it is not sent.
    `BudgetError` if the store cannot be used; nothing is sent either.
    """

    raise_error = True  # else core would log what the handler raises and make the call

    def __init__(  # noqa: PLR0913  # independent options
        self,
        limit_usd: Usd | Mapping[str, Usd],
        *,
        per: Per = "total",
        scope: Scope = None,
        on_exceeded: OnExceeded = "raise",
        name: str = "",
        path: str | Path | None = None,
        store: BudgetStore | str | None = None,
        on_store_error: OnStoreError = "raise",
        answer_tokens: int | Literal["learned"] | None = None,
        unpriced: Literal["raise", "allow"] = "raise",
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Allow US dollars `limit_usd` in each window `per`.

        `per` is "total" (the default), "hour", "day" or "month" in UTC, "call", "run" (of an agent
        or graph), or "thread" (all with one `thread_id`; a file keeps it for two months after).
        `scope="user"` is a limit for each user, `{"tag": "team-a"}` one for the calls with this
        tag; also "provider", "model" and "key". With a scope, the limit may be a dict by tag,
        user, …, with `"*"` for all others. Tags are LangChain's; the user is `user_id` in a run's
        metadata.

        `on_exceeded` is "raise" (the default), "cheaper" (the next candidate of a route that fits,
        or "raise" if there is none) or "warn" (a warning is logged and the call made). `path` keeps
        the budget in a SQLite file for all processes of the machine, where its `name` identifies
        it; by default it is in memory. `store` is your own, or the address of a Redis server for
        many machines; without the server nothing is sent, or with `on_store_error="allow"` up to
        what was left. `answer_tokens` is assumed of answers without `max_tokens`; "learned" is the
        longest of the model's last 100, at least 4,096 until 20 were seen; longer ones are booked.
        `unpriced="allow"` lets models without a price pass. `wall` returns seconds since 1970.

        Raises: `ConfigurationError` for a value that is not listed here.
        """
        super().__init__(needs_call_ends=per in ("call", "run"))
        self._plan = plan_of(limit_usd, per, scope, name)
        check_options(on_exceeded, per, path, answer_tokens, unpriced)
        self.on_exceeded, self.answer_tokens = on_exceeded, answer_tokens
        self._allows_unpriced, self._lengths = unpriced == "allow", AnswerLengths()
        self.store, self._holds = open_store(path, wall, store, on_store_error), OpenHolds()
        self._worker, self._limits_waits, advancing = traits_of(self.store)
        self._advancing = None if self._is_overridden() else advancing  # a subclass may wait
        self._shared = tuple(self._plan.accounts("")) if self._plan.has_one_account else ()
        self.accounts = CallAccounts(self._plan, self.store, wall)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def name(self) -> str:
        """The name of the budget, under which its accounts are stored."""
        return self._plan.name

    @property
    @override
    def worker(self) -> OrderedWorker | None:
        """The thread of a store that blocks, such as a file's."""
        return self._worker

    @property
    def balances(self) -> list[Balance]:
        """The balance of each account, by window and scope; integers of nano-dollars."""
        self._end_unclosed_calls()
        if self.worker is not None:
            self.worker.wait()  # for what async calls have queued
        return self.store.balances(self.name)

    @property
    def spent_usd(self) -> float:
        """US dollars spent in the current window, over all scopes."""
        return float(dollars(sum(balance.spent for balance in self._current_balances())))

    @property
    def held_usd(self) -> float:
        """US dollars held for requests without a known cost yet."""
        return float(dollars(sum(balance.held for balance in self._current_balances())))

    def _current_balances(self) -> list[Balance]:
        if self._plan.per not in TIMED:
            return self.balances
        window = window_at(self._plan.per, self.accounts.now())
        return [balance for balance in self.balances if balance.account.window == window]

    def within(self, accounts: CallAccounts) -> Self:
        """Return a view of this budget that books every call in other accounts."""
        view = copy(self)
        vars(view).update(accounts=accounts, _shared=())
        return view

    def _is_overridden(self) -> bool:
        """Return whether a subclass has its own steps before or after an attempt."""
        of, own = type(self), ScoutBudgetCallbackHandler
        return (
            of.on_scout_attempt_admit is not own.on_scout_attempt_admit
            or of.on_scout_attempt_end is not own.on_scout_attempt_end
        )

    def on_scout_attempt_admit(self, run: Run, proposal: ProposedAttempt) -> None:
        """Hold the most that an attempt can cost.

        Raises: `BudgetExceeded`, `BudgetError`.
        """
        accounts = self._shared or self.accounts.of_call(run, proposal, self)
        if not accounts:
            return
        assumed = self.answer_tokens
        bound = proposal.cost_bound(self._learned(proposal) if assumed == "learned" else assumed)
        amount = bound.nano
        if amount is None:
            amount = self._unpriced_amount(accounts[0], bound)
        hold: Hold | Balance | None = None
        try:
            if self._limits_waits:
                hold = self.store.hold(accounts, amount, patience=proposal.patience)  # type: ignore[call-arg]  # `limits_waits`
            else:
                hold = self.store.hold(accounts, amount)
            if isinstance(hold, Balance):
                hold = self._hold_beyond_limit(accounts, amount, hold, proposal)
            self._holds.add(run, proposal.number, hold)
        except BaseException:  # raised again; Ctrl-C: an attempt without a start has no end
            if isinstance(hold, Hold):
                self._settle_unsent(run, proposal.number, hold)
            raise

    @override
    def _amount(self, account: Account, proposal: ProposedAttempt) -> int:
        """Return the nano-dollars that an attempt can cost at most."""
        assumed = self.answer_tokens
        bound = proposal.cost_bound(self._learned(proposal) if assumed == "learned" else assumed)
        return self._unpriced_amount(account, bound) if bound.nano is None else bound.nano

    def _learned(self, proposal: ProposedAttempt) -> int:
        """Return the tokens to assume for an answer without `max_tokens`, by earlier answers."""
        about = proposal.about
        return self._lengths.longest(f"{about['provider']}/{about['model']}")

    @override
    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Settle the hold of an attempt to its cost; if the store fails, it counts as spent."""
        hold = None if record.outcome == "skipped" else self._holds.of(run, record.number)
        if hold is None:
            return
        amount = None
        if record.billed == "no":
            amount = 0
        elif record.outcome == "ok":
            if self.answer_tokens == "learned":
                self._learn(record)
            if is_cost(record.cost_usd):
                amount = nano_of(record.cost_usd)
        if amount is not None and amount > hold.amount:
            excess = format_amount(amount - hold.amount)
            logger.warning(
                "budget %r: a call to %s/%s cost $%s more than was held for it",
                *(self.name, record.provider, record.model, excess),
            )
        try:
            self.store.settle(hold, amount)
        except BudgetError as error:
            logger.error(  # noqa: TRY400  # the error is complete in one line
                "budget %r: the cost of a call is not booked: %s", self.name, error
            )
        self._holds.remove(run, record.number, hold)  # afterwards: an interrupted end is repeated

    def _learn(self, record: AttemptRecord) -> None:
        if record.output_tokens and not record.estimated:
            self._lengths.add(f"{record.provider}/{record.model}", record.output_tokens)

    def _unpriced_amount(self, account: Account, bound: CostBound) -> int:
        """Return the nano-dollars to hold for a call without a known price, or raise."""
        if self._allows_unpriced:
            return 0
        raise self._with_failover(self._plan.uncovered(account, bound.why), account)

    def _hold_beyond_limit(
        self, accounts: Sequence[Account], amount: int, short: Balance, proposal: ProposedAttempt
    ) -> Hold:
        """Hold an amount that exceeds the balance `short`, if `on_exceeded` is "warn"; or raise."""
        call = ProposedCall(
            "{provider}/{model}".format_map(proposal.about),
            limits_answer=proposal.limits_answer,
            assumes_answer=self.answer_tokens is not None,
        )
        refusal = self._plan.refusal(short, amount, self.accounts.now(), call)
        error = self._with_failover(refusal, short.account)
        if self.on_exceeded != "warn":
            raise error
        logger.warning("%s; it is made all the same", error)
        hold = self.store.hold(accounts, amount, beyond=True)
        assert isinstance(hold, Hold)  # noqa: S101  # always a hold with `beyond`
        return hold

    def _with_failover(self, error: BudgetExceeded, account: Account) -> BudgetExceeded:
        """Return `error`; with `on_exceeded="cheaper"` it lets the next key or candidate follow."""
        if self.on_exceeded == "cheaper":
            error.passes = "key" if account.scope.startswith("key=") else "candidate"
        return error

    @override
    def _other_model_started(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_admit(call.run, OtherModelProposal(call))

    @override
    def _other_model_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        run = call.run if call else run_of(run_id, None, None, None)
        for answer in answers if (run_id.int, 1) in self._holds else ():
            record = record_of_answer(call, answer)
            if call:  # learned by the names of the proposal; an answer has its model's version
                record = record._replace(provider=call.provider, model=call.model)
            if is_cached(answer):
                record = record._replace(billed="no")
            self.on_scout_attempt_end(run, record)

    @override
    def _other_model_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is not None:
            self.on_scout_attempt_end(call.run, record_of_failure(call, error, answers))

    @override
    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        self.on_scout_attempt_end(call.run, record_without_answer(call, "cancelled"))

    @override
    def _other_model_refused(self, call: OtherModelCall) -> None:
        for of, hold in tuple(self._holds.get((call.run.id.int, 1), ())):
            if of is call.run:
                self._settle_unsent(of, 1, hold)

    @override
    def _on_run_end(self, kind: str, run_id: UUID, error: BaseException | None) -> None:
        if self._needs_call_ends:
            self._on_call_over(run_id)

    @override
    def _on_call_over(self, run_id: UUID) -> None:
        self.accounts.close(str(run_id))
