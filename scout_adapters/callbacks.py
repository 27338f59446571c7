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
from scout_adapters.llm.auditing import write_intent, write_outcome
from scout_adapters.llm.pricing import cost_of
from scout_adapters.llm.record import AttemptRecord

REMEMBERED_RUNS = 10_000
"""The last runs that were counted: a run that is told twice is told at once."""


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

    @property
    def cost_usd(self) -> float:
        """The cost as a float."""
        return float(self.cost)


class ScoutCostCallbackHandler(BaseCallbackHandler):
    """Adds up what the calls that it hears of cost, by provider, model and key.

    Prices the calls of any LangChain chat model; ours bring the exact figure with them. A call
    counts once, by its run, however many chains lie around it. Cached answers are free.
    """

    # Else core hands every event, each streamed token too, to another thread, and waits for it.
    run_inline = True

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str | None], CostRow] = {}
        self._seen: dict[UUID, None] = {}
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
    def by_model(self) -> dict[str, float]:
        """US dollars by `provider/model`."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows:
            totals[f"{row.provider}/{row.model}"] += row.cost
        return {name: float(cost) for name, cost in totals.items()}

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
        with self._lock:
            if run_id in self._seen:
                return
            self._seen[run_id] = None
            if len(self._seen) > REMEMBERED_RUNS:
                del self._seen[next(iter(self._seen))]
            for generations in response.generations:
                for generation in generations:
                    message = getattr(generation, "message", None)
                    if isinstance(generation, ChatGeneration) and isinstance(message, AIMessage):
                        self._add_message(message)

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
    return cost_of(str(metadata.get("model_provider", "")), model, message.usage_metadata).usd


_cost_handler: ContextVar[ScoutCostCallbackHandler | None] = ContextVar(
    "scout_cost_handler", default=None
)
register_configure_hook(_cost_handler, inheritable=True)


@contextmanager
def get_scout_cost_callback() -> Iterator[ScoutCostCallbackHandler]:
    """Hear of every call inside the `with` block: chains, agents, tasks, LangChain's own threads.

    A thread that you start yourself does not inherit the block, unless you copy the context.
    """
    handler = ScoutCostCallbackHandler()
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

    def __init__(self, audit: AuditLog | str | Path | None = None) -> None:
        """Log to `audit`, to the file at that path, or to the process's log."""
        self.audit = audit if isinstance(audit, AuditLog) else get_audit(audit)
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
