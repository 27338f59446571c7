"""The part of a budget handler that never waits: holds that an advance of the store serves.

On an event loop a hold is made in the store's worker thread, because it may wait for a server; what
an advance serves is held and settled at once, without a change of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from typing_extensions import override

from scout_adapters.budget import Account, AdvancingStore, BudgetStore, Hold
from scout_adapters.callbacks.call_accounts import CallAccounts
from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.callbacks.open_holds import OpenHolds
from scout_adapters.callbacks.other_model_proposal import OtherModelProposal
from scout_adapters.callbacks.run_handler import RunHandler
from scout_adapters.errors import BudgetError
from scout_adapters.llm.engine.observers import ProposedAttempt
from scout_adapters.llm.engine.record import AttemptRecord, Run


class AdvanceHandler(RunHandler):
    """Holds and settles at once if the store is an `AdvancingStore` and has an advance."""

    store: BudgetStore
    accounts: CallAccounts
    _advancing: AdvancingStore | None
    """The store, if it can hold without waiting; else None, also for a subclass that replaces the
    steps before or after an attempt."""

    _shared: Sequence[Account]
    """The accounts, if all calls have the same ones; else empty."""

    _holds: OpenHolds

    def admit_at_once(self, run: Run, proposal: ProposedAttempt) -> bool:
        """Hold the most that an attempt can cost, without waiting; return whether this was done.

        Raises: `BudgetExceeded` for an attempt whose cost is unknown.
        """
        if self._advancing is None:
            return False
        accounts = self._shared or self.accounts.of_call(run, proposal, self)
        if not accounts:
            return True
        if not self._advancing.has_advance(accounts):
            return False
        amount, hold = self._amount(accounts[0], proposal), None
        try:
            hold = self._advancing.hold_at_once(accounts, amount)
            if hold is not None:
                self._holds.add(run, proposal.number, hold)
        except BaseException:  # raised again; Ctrl-C: an attempt without a start has no end
            if hold is not None:
                self._settle_unsent(run, proposal.number, hold)
            raise
        return hold is not None

    def end_at_once(self, run: Run, record: AttemptRecord) -> bool:
        """Handle the end of an attempt if its hold is settled without waiting; return whether.

        An attempt without a hold may still be waiting for one, in the worker.
        """
        if self._advancing is None or not self._holds.has_own(run, record.number):
            return False
        self.on_scout_attempt_end(run, record)
        return True

    def _settle_unsent(self, run: Run, number: int, hold: Hold) -> None:
        """Release a hold of an attempt that is not sent."""
        self._holds.remove(run, number, hold)
        with suppress(BudgetError):  # it counts as spent in the end
            self.store.settle(hold, 0)

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Settle the hold of an attempt."""
        raise NotImplementedError

    def _amount(self, account: Account, proposal: ProposedAttempt) -> int:
        """Return the nano-dollars that an attempt can cost at most."""
        raise NotImplementedError

    @override
    def _other_model_started_at_once(self, call: OtherModelCall) -> bool:
        return self.admit_at_once(call.run, OtherModelProposal(call))

    @override
    def _ends_at_once(self, run_id: UUID) -> bool:
        return self._advancing is not None and (run_id.int, 1) in self._holds
