"""LangChain callback handlers: what calls cost, and the audit log of every attempt."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.tracers.context import register_configure_hook
from typing_extensions import override

from scout_adapters.audit import AuditLog, get_audit
from scout_adapters.audit.log import OnFailure
from scout_adapters.llm.auditing import write_intent, write_outcome
from scout_adapters.llm.pricing import cost_of
from scout_adapters.llm.record import AttemptRecord

REMEMBERED_RUNS = 10_000
"""The last runs that were counted: a run that is told twice is told at once."""

UNSENT = frozenset({"skipped", "not_sent"})


@dataclass(slots=True)
class CostRow:
    """Calls to one model with one key, added up. US dollars and tokens."""

    provider: str
    model: str
    key_id: str | None
    calls: int = 0
    unpriced: int = 0
    """Calls whose price nobody knows: `cost_usd` leaves them out."""

    cost: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    uncertain: int = 0
    """Attempts that failed, or were left, and may be on the provider's bill."""

    uncertain_cost: Decimal = Decimal(0)
    """The part of `cost` that is theirs: of the tokens that had been counted when they ended."""

    @property
    def cost_usd(self) -> float:
        """The cost as a float."""
        return float(self.cost)


class ScoutCostCallbackHandler(BaseCallbackHandler):
    """Adds up what the calls that it hears of cost, by provider, model and key.

    Prices the calls of any LangChain chat model. Ours tell it of every attempt at once, as they
    tell the audit log, so that calls count which are cancelled or left before LangChain says that
    they ended. A call counts once, however many chains lie around it. Cached answers are free.
    """

    # Else core hands every event, each streamed token too, to another thread, and waits for it.
    run_inline = True

    def __init__(self, around: ScoutCostCallbackHandler | None = None) -> None:
        """Tell `around`, the handler of an outer block, of all that is heard here."""
        self._around = around
        self._rows: dict[tuple[str, str, str | None], CostRow] = {}
        self._seen: dict[UUID, AttemptRecord | None] = {}
        """Runs that have been heard of, and of ours the last attempt."""

        self._lock = threading.Lock()

    @property
    def rows(self) -> list[CostRow]:
        """One row for each provider, model and key, in the order of first use."""
        return list(self._rows.values())

    @property
    def total_cost(self) -> float:
        """US dollars of all calls with a known price; `unpriced_calls` counts the others."""
        return float(sum((row.cost for row in self.rows), Decimal(0)))

    @property
    def unpriced_calls(self) -> int:
        """How many calls have no known price."""
        return sum(row.unpriced for row in self.rows)

    @property
    def calls(self) -> int:
        """How many calls were answered."""
        return sum(row.calls for row in self.rows)

    @property
    def uncertain_attempts(self) -> int:
        """How many attempts failed, or were left, and may be on the provider's bill."""
        return sum(row.uncertain for row in self.rows)

    @property
    def by_model(self) -> dict[str, float]:
        """US dollars by `provider/model`."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows:
            totals[f"{row.provider}/{row.model}"] += row.cost
        return {name: float(cost) for name, cost in totals.items()}

    def on_scout_attempt_start(self, run_id: UUID, attempt: Mapping[str, Any]) -> None:
        """Nothing is spent yet."""

    def on_scout_attempt_end(self, run_id: UUID, record: AttemptRecord) -> None:
        """Add the attempt's cost; what LangChain says of the run's end adds nothing to it."""
        if self._around is not None:
            self._around.on_scout_attempt_end(run_id, record)
        with self._lock:
            known = self._seen.pop(run_id, None)  # to remember it anew, as the latest
            self._remember(run_id, record)
            if known is not record and record.outcome not in UNSENT:
                self._add_attempt(record)

    def _add_attempt(self, record: AttemptRecord) -> None:
        ok, usd = record.outcome == "ok", record.cost_usd
        if not ok and usd is None and record.billed == "no":
            return
        place = (record.provider, record.model, record.key_id)
        row = self._rows.setdefault(place, CostRow(*place))
        cost = Decimal(0) if usd is None else Decimal(repr(usd))
        row.cost += cost
        row.input_tokens += record.input_tokens or 0
        row.output_tokens += record.output_tokens or 0
        if ok:
            row.calls += 1
            row.unpriced += usd is None
        else:
            row.uncertain += 1
            row.uncertain_cost += cost

    @override
    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Add the call's cost."""
        self._add(response, run_id)

    @override
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Add what a stream had cost that was closed early, as far as its part tells."""
        if isinstance(response := kwargs.get("response"), LLMResult):
            self._add(response, run_id)

    def _add(self, response: LLMResult, run_id: UUID) -> None:
        if self._around is not None:
            self._around._add(response, run_id)  # noqa: SLF001  # its own kind
        with self._lock:
            if run_id in self._seen:
                return
            self._remember(run_id)
            for generations in response.generations:
                for generation in generations:
                    message = getattr(generation, "message", None)
                    if isinstance(generation, ChatGeneration) and isinstance(message, AIMessage):
                        self._add_message(message)

    def _remember(self, run_id: UUID, record: AttemptRecord | None = None) -> None:
        self._seen[run_id] = record
        if len(self._seen) > REMEMBERED_RUNS:
            del self._seen[next(iter(self._seen))]

    def _add_message(self, message: AIMessage) -> None:
        usage = message.usage_metadata
        scout = message.response_metadata.get("scout")
        if usage is None and scout is None:
            return
        if usage is not None and usage.get("total_cost") == 0:
            return  # from LangChain's cache: it says so, and keeps the tokens
        row = self._row(message, scout or {})
        row.calls += 1
        usd = _known_cost(message, scout)
        if usd is None:
            row.unpriced += 1
        else:
            row.cost += Decimal(repr(usd))
        if usage is not None:
            row.input_tokens += usage["input_tokens"]
            row.output_tokens += usage["output_tokens"]

    def _row(self, message: AIMessage, scout: Mapping[str, Any]) -> CostRow:
        metadata = message.response_metadata
        provider = scout.get("provider") or metadata.get("model_provider") or "unknown"
        model = scout.get("model") or metadata.get("model_name") or "unknown"
        place = (str(provider), str(model), scout.get("key_id"))
        return self._rows.setdefault(place, CostRow(*place))


def _known_cost(message: AIMessage, scout: Mapping[str, Any] | None) -> float | None:
    if scout is not None:
        known: float | None = scout.get("cost_usd")
        return known
    metadata = message.response_metadata
    model = metadata.get("model_name")
    if not model:
        return None
    provider = str(metadata.get("model_provider", ""))
    return cost_of(provider, model, message.usage_metadata, told=metadata).usd


_cost_handler: ContextVar[ScoutCostCallbackHandler | None] = ContextVar(
    "scout_cost_handler", default=None
)
register_configure_hook(_cost_handler, inheritable=True)


@contextmanager
def get_scout_cost_callback() -> Iterator[ScoutCostCallbackHandler]:
    """Hear of every call inside the `with` block: chains, agents, tasks, LangChain's own threads.

    Blocks within it count for themselves and for it. A thread that you start yourself does not
    inherit the block, unless you copy the context.
    """
    handler = ScoutCostCallbackHandler(_cost_handler.get())
    token = _cost_handler.set(handler)
    try:
        yield handler
    finally:
        _cost_handler.reset(token)


class ScoutAuditCallbackHandler(BaseCallbackHandler):
    """Writes every attempt to the audit log: an intent before it leaves, an outcome after.

    Ours tell it of attempts; of any other LangChain model it logs the calls.
    """

    run_inline = True  # as above

    def __init__(
        self,
        audit: AuditLog | str | Path | None = None,
        *,
        on_failure: OnFailure | None = None,
    ) -> None:
        """Log to `audit`, to the file at that path, or to the process's log.

        `on_failure` is what becomes of a row that cannot be written, as for `get_audit`.
        """
        self.audit = (
            audit if isinstance(audit, AuditLog) else get_audit(audit, on_failure=on_failure)
        )
        self._attempted: dict[UUID, None] = {}

    def _remember(self, run_id: UUID) -> None:
        """Know the run for one of ours; of those that never end only the last are kept."""
        self._attempted[run_id] = None
        if len(self._attempted) > REMEMBERED_RUNS:
            del self._attempted[next(iter(self._attempted))]

    def on_scout_attempt_start(self, run_id: UUID, attempt: Mapping[str, Any]) -> None:
        """Write the intent."""
        self._remember(run_id)
        write_intent(self.audit, run_id, attempt)

    def on_scout_attempt_end(self, run_id: UUID, record: AttemptRecord) -> None:
        """Write the outcome."""
        self._remember(run_id)
        write_outcome(self.audit, run_id, record)

    @override
    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Log the call of a model that is not ours."""
        if run_id in self._attempted:
            self._attempted.pop(run_id, None)
            return
        for generations in response.generations:
            for generation in generations:
                if isinstance(generation, ChatGeneration):
                    self._log_foreign(generation.message, run_id)

    def _log_foreign(self, message: Any, run_id: UUID) -> None:
        metadata, usage = message.response_metadata, getattr(message, "usage_metadata", None)
        self.audit.log(
            "llm_call",
            run_id=str(run_id),
            provider=metadata.get("model_provider"),
            model=metadata.get("model_name"),
            cost=_known_cost(message, None) if usage else None,
            input_t=usage["input_tokens"] if usage else None,
            output_t=usage["output_tokens"] if usage else None,
        )

    @override
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Log the failure of a model that is not ours."""
        if run_id in self._attempted:
            self._attempted.pop(run_id, None)
            return
        self.audit.log("llm_error", run_id=str(run_id), reason=type(error).__name__)
