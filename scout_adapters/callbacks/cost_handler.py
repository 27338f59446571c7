"""What calls cost: the handler that adds it up, by provider, model, key, tag and run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from langchain_core.messages import AIMessage
from langchain_core.tracers.context import register_configure_hook
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.callbacks.other_models import record_of_answer, record_of_failure
from scout_adapters.callbacks.run_handler import OtherModelCall, RunHandler, is_cached
from scout_adapters.llm.engine.record import AttemptRecord, Run, run_of

NOTHING = Decimal(0)
MOST_WAITING = 32
"""Attempts that have been heard of and are not yet added up: whoever asks has it done."""

UNSENT = frozenset({"skipped", "not_sent"})

By = Literal["provider", "model", "key", "tag", "run"]


@dataclass(slots=True)
class CostTotals:
    """Calls added up. US dollars and tokens."""

    calls: int = 0
    """Those that were answered."""

    unpriced: int = 0
    """Calls whose price nobody knows: the cost leaves them out."""

    cost: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: int = 0
    """Answers whose provider did not count: their tokens and cost are estimates."""

    uncertain: int = 0
    """Attempts that failed, or were left, and may be on the provider's bill."""

    uncertain_cost: Decimal = Decimal(0)
    """The part of `cost` that is theirs: of the tokens that had been counted when they ended."""

    @property
    def cost_usd(self) -> float:
        """The cost as a float."""
        return float(self.cost)

    def add(self, record: AttemptRecord, cost: Decimal) -> None:
        """Add what came of an attempt; `cost` is what is `cost_in` its record."""
        self.cost += cost
        self.input_tokens += record.input_tokens or 0
        self.output_tokens += record.output_tokens or 0
        self.cache_read_tokens += record.cache_read_tokens or 0
        self.cache_write_tokens += record.cache_write_tokens or 0
        self.reasoning_tokens += record.reasoning_tokens or 0
        if record.outcome == "ok":
            self.calls += 1
            self.unpriced += record.cost_usd is None
            self.estimated += record.estimated is True
        else:
            self.uncertain += 1
            self.uncertain_cost += cost


@dataclass(slots=True)
class CostRow(CostTotals):
    """Calls to one model with one key, added up."""

    provider: str = ""
    model: str = ""
    key_id: str | None = None


class ScoutCostCallbackHandler(RunHandler):
    """Adds up what the calls that it hears of cost, by provider, model, key, tag and run.

    Prices the calls of any LangChain chat model. Ours tell it of every attempt at once, as they
    tell the audit log, so that calls count which are cancelled or left before LangChain says that
    they ended. A call counts once, however many chains lie around it. Cached answers are free.
    """

    def __init__(self, around: ScoutCostCallbackHandler | None = None) -> None:
        """Tell `around`, the handler of an outer block, of all that is heard here."""
        super().__init__()
        self.cached = 0
        """How many calls LangChain's cache has answered."""

        self._around = around
        self._rows: dict[tuple[str, str, str | None], CostRow] = {}
        self._tags: dict[str, CostTotals] = {}
        self._runs: BoundedDict[int, CostTotals | AttemptRecord] = BoundedDict()
        """By number; of most runs only one attempt is heard of, and few are asked for."""

        self._waiting: deque[tuple[Run, UUID, AttemptRecord]] = deque()
        self._added: BoundedDict[int, AttemptRecord] = BoundedDict()
        """Of the runs that were added up, by number, the last attempt."""

        self._counted: BoundedDict[int, None] = BoundedDict()
        """Runs that told of no attempts, by number: of another model, or answered by the cache."""

        self._lock = fork_safe_lock()

    @property
    def rows(self) -> list[CostRow]:
        """One row for each provider, model and key, in the order of first use."""
        with self._lock:
            self._fold()
            return list(self._rows.values())

    @property
    def total(self) -> CostTotals:
        """Everything, added up exactly."""
        with self._lock:
            self._fold()
            return _grouped(self._rows.values(), lambda _: "").get("") or CostTotals()

    @property
    def total_cost(self) -> float:
        """US dollars of all calls with a known price; `unpriced_calls` counts the others."""
        return self.total.cost_usd

    @property
    def unpriced_calls(self) -> int:
        """How many calls have no known price."""
        return self.total.unpriced

    @property
    def calls(self) -> int:
        """How many calls were answered."""
        return self.total.calls

    @property
    def uncertain_attempts(self) -> int:
        """How many attempts failed, or were left, and may be on the provider's bill."""
        return self.total.uncertain

    @property
    def by_provider(self) -> dict[str, float]:
        """US dollars by provider."""
        return self._dollars("provider")

    @property
    def by_model(self) -> dict[str, float]:
        """US dollars by `provider/model`."""
        return self._dollars("model")

    @property
    def by_key(self) -> dict[str, float]:
        """US dollars by key: by its fingerprint, "" where none was needed or is known."""
        return self._dollars("key")

    @property
    def by_tag(self) -> dict[str, float]:
        """US dollars by tag; a call with several tags counts for each of them."""
        return self._dollars("tag")

    @property
    def by_run(self) -> dict[str, float]:
        """US dollars by the outermost run (the agent's, the graph's); of the last 10,000."""
        return self._dollars("run")

    def _dollars(self, by: By) -> dict[str, float]:
        return {name: totals.cost_usd for name, totals in self.breakdown(by).items()}

    def breakdown(self, by: By) -> dict[str, CostTotals]:
        """Return everything that is added up, by `"provider"`, `"model"`, `"key"`, …."""
        with self._lock:
            self._fold()
            if by == "tag":
                return dict(self._tags)
            if by == "run":
                return {str(UUID(int=run)): _totals_of(it) for run, it in self._runs.items()}
            return _grouped(self._rows.values(), NAMED[by])

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Add the attempt's cost; what LangChain says of the run's end adds nothing to it."""
        if self._around is not None:
            self._around.on_scout_attempt_end(run, record)
        if record.outcome not in UNSENT:
            # Many that are added up at once take a third of the time.
            outermost = run.id if run.parent is None else self.outermost(run)
            self._waiting.append((run, outermost, record))
            if len(self._waiting) > MOST_WAITING:
                with self._lock:
                    self._fold()

    def _fold(self) -> None:
        """Add up what has been heard; of attempts that are told twice, one."""
        while self._waiting:
            run, outermost, record = self._waiting.popleft()
            number = run.id.int
            if self._added.get(number) is record:
                continue
            self._added.put(number, record)
            if record.outcome != "ok" and record.cost_usd is None and record.billed == "no":
                continue
            cost = cost_in(record)
            place = (record.provider, record.model, record.key_id)
            row = self._rows.get(place) or self._rows.setdefault(place, _row_of(record))
            row.add(record, cost)
            for tag in run.tags:
                self._tags.setdefault(tag, CostTotals()).add(record, cost)
            if (spent := self._runs.get(outermost.int)) is None:
                self._runs.put(outermost.int, record)
                continue
            totals = self._runs[outermost.int] = _totals_of(spent)
            totals.add(record, cost)

    @override
    def _foreign_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        fresh = [answer for answer in answers if not is_cached(answer)]
        records = [record_of_answer(call, answer) for answer in fresh if call or knows_of(answer)]
        self._count(call, run_id, records, cached=len(answers) - len(fresh))

    @override
    def _foreign_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        outcome = type(error).__name__
        known = [each for each in answers if knows_of(each) or (call and each.content)]
        records = [record_of_answer(call, answer, outcome) for answer in known]
        if call is not None and not records:
            records = [record_of_failure(call, outcome, error)]
        self._count(call, run_id, records)

    @override
    def _foreign_cancelled(self, call: OtherModelCall) -> None:
        self._count(call, call.run.id, [record_of_failure(call, "cancelled")])

    def _count(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        records: Sequence[AttemptRecord],
        cached: int = 0,
    ) -> None:
        """Add a run that has told of no attempts: of another model, or answered by the cache."""
        if self._around is not None:
            self._around._count(call, run_id, records, cached)  # noqa: SLF001  # its own kind
        run = call.run if call else run_of(run_id, None, None, None)
        with self._lock:
            if run_id.int in self._counted:
                return
            self._counted.put(run_id.int, None)
            self.cached += cached
            self._waiting.extend((run, self.outermost(run), record) for record in records)
            self._fold()


def knows_of(answer: AIMessage) -> bool:
    """Tell whether an answer says anything of its tokens or its cost."""
    return answer.usage_metadata is not None or "scout" in answer.response_metadata


def _row_of(record: AttemptRecord) -> CostRow:
    return CostRow(provider=record.provider, model=record.model, key_id=record.key_id)


def _totals_of(spent: CostTotals | AttemptRecord) -> CostTotals:
    if isinstance(spent, CostTotals):
        return spent
    totals = CostTotals()
    totals.add(spent, cost_in(spent))
    return totals


def cost_in(record: AttemptRecord) -> Decimal:
    """Return what an attempt has cost, exactly; 0 where nobody knows."""
    return NOTHING if record.cost_usd is None else Decimal(repr(record.cost_usd))


NAMED: Mapping[By, Callable[[CostRow], str]] = {
    "provider": lambda row: row.provider,
    "model": lambda row: f"{row.provider}/{row.model}",
    "key": lambda row: row.key_id or "",
}


def _grouped(rows: Iterable[CostRow], named: Callable[[CostRow], str]) -> dict[str, CostTotals]:
    found: dict[str, CostTotals] = {}
    for row in rows:
        totals = found.setdefault(named(row), CostTotals())
        for each in CostTotals.__slots__:
            setattr(totals, each, getattr(totals, each) + getattr(row, each))
    return found


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
