"""The callback handler that adds up costs by provider, model, key, tag and run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Literal
from uuid import UUID

from langchain_core.messages import AIMessage
from langchain_core.tracers.context import register_configure_hook
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.dollar_text import dollar_text
from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters._internal.html_table import html_table
from scout_adapters.callbacks.cost_totals import CostRow, CostTotals
from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.callbacks.other_models import (
    has_usage,
    record_of_answer,
    record_of_failure,
    record_without_answer,
)
from scout_adapters.callbacks.run_handler import RunHandler, is_cached
from scout_adapters.llm.engine.record import UNSENT, AttemptRecord, Run, run_of

ZERO = Decimal(0)
MAX_ROWS = 10_000
"""Number of rows by model and key, and number of tags, with separate totals."""

OTHERS = "(others)"
"""Name of the row, and of the tag, with the totals of all beyond `MAX_ROWS`."""

MAX_PENDING = 32
"""Number of attempts that are collected before they are added up, or until a total is read."""

By = Literal["provider", "model", "key", "tag", "run"]
Place = tuple[str, str, str | None]
"""Provider, model and fingerprint of the key."""


class ScoutCostCallbackHandler(RunHandler):
    """Adds up the cost of calls by provider, model, key, tag and run.

        costs = ScoutCostCallbackHandler()
        model.invoke("Hello", config={"callbacks": [costs]}); print(costs.total_cost)

    Calls of any LangChain chat model are priced. Our models report every attempt as it ends, so
    that calls which are cancelled or abandoned count too. A call counts once, however many chains
    are around it. Answers from LangChain's cache cost nothing and count in `cached`.

    All totals are in US dollars. A call without a known price counts in `unpriced_calls` and adds
    nothing to the cost. The first 10,000 models and keys, and tags, have totals of their own; all
    others have one together, `(others)`. Safe for threads and tasks.
    """

    def __init__(self, around: ScoutCostCallbackHandler | None = None) -> None:
        """Start at zero; `around` is a handler to which all events are passed on, or None."""
        super().__init__()
        self.cached = 0
        """Number of calls that LangChain's cache answered."""

        self._around = around
        self._rows: dict[Place, CostRow] = {}
        self._tags: dict[str, CostTotals] = {}
        self._runs: BoundedDict[int, CostTotals | AttemptRecord] = BoundedDict()
        """By `int` of the outermost run's id: totals, or the record of a run's only attempt."""

        self._pending: deque[tuple[Run, UUID, AttemptRecord]] = deque()
        self._added: BoundedDict[int, AttemptRecord] = BoundedDict()
        """By `int` of a run's id: the last attempt that was added."""

        self._counted: BoundedDict[int, None] = BoundedDict()
        """`int` of the ids of runs that were counted without attempts: other models, or cached."""

        self._lock = fork_safe_lock()

    def __repr__(self) -> str:
        total = self.total
        tokens = f"{total.input_tokens} + {total.output_tokens} tokens"
        cost, calls = dollar_text(total.cost_usd), f"{total.calls} call{'s' * (total.calls != 1)}"
        return f"<{type(self).__name__}: {cost}, {calls}, {tokens}>"

    def _repr_html_(self) -> str:
        """Return the table that a notebook shows: a row for each model and key, and the total."""
        rows = [(f"{row.provider}/{row.model}", row.key_id or "", row) for row in self.rows]
        return totals_table([*rows, ("total", "", self.total)])

    @property
    def rows(self) -> list[CostRow]:
        """Totals for each provider, model and key, in the order of first use."""
        with self._lock:
            self._fold()
            return list(self._rows.values())

    @property
    def total(self) -> CostTotals:
        """The totals of all calls, added up exactly."""
        with self._lock:
            self._fold()
            return _grouped(self._rows.values(), lambda _: "").get("") or CostTotals()

    @property
    def total_cost(self) -> float:
        """US dollars of all calls; those without a known price count in `unpriced_calls`."""
        return self.total.cost_usd

    @property
    def unpriced_calls(self) -> int:
        """The number of calls without a known price."""
        return self.total.unpriced

    @property
    def calls(self) -> int:
        """The number of calls that were answered."""
        return self.total.calls

    @property
    def uncertain_attempts(self) -> int:
        """The number of attempts that failed or were abandoned, and that may be billed."""
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
        """US dollars by the fingerprint of the key; "" without a key or if it is unknown."""
        return self._dollars("key")

    @property
    def by_tag(self) -> dict[str, float]:
        """US dollars by tag; a call with several tags counts for each."""
        return self._dollars("tag")

    @property
    def by_run(self) -> dict[str, float]:
        """US dollars by the id of the outermost run (an agent's, a graph's); the last 10,000."""
        return self._dollars("run")

    def _dollars(self, by: By) -> dict[str, float]:
        return {name: totals.cost_usd for name, totals in self.breakdown(by).items()}

    def breakdown(self, by: By) -> dict[str, CostTotals]:
        """Return the totals by "provider", "model", "key", "tag" or "run"."""
        with self._lock:
            self._fold()
            if by == "tag":
                return dict(self._tags)
            if by == "run":
                return {str(UUID(int=run)): _totals_of(entry) for run, entry in self._runs.items()}
            return _grouped(self._rows.values(), NAME_OF_ROW[by])

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Add an attempt; core's later callbacks for the same run add nothing."""
        if self._around is not None:
            self._around.on_scout_attempt_end(run, record)
        if record.outcome not in UNSENT:
            # Adding up many at once takes a third of the time.
            outermost = run.id if run.parent is None else self.outermost(run)
            self._pending.append((run, outermost, record))
            if len(self._pending) > MAX_PENDING:
                with self._lock:
                    self._fold()

    def _fold(self) -> None:
        """Add the pending attempts to all totals; one that was reported twice counts once."""
        while self._pending:
            run, outermost, record = self._pending.popleft()
            number = run.id.int
            if self._added.get(number) is record:
                continue
            self._added.put(number, record)
            if record.outcome != "ok" and record.cost_usd is None and record.billed == "no":
                continue
            cost = cost_in(record)
            place = (record.provider, record.model, record.key_id)
            row = self._rows.get(place) or self._new_row(place)
            row.add(record, cost)
            for tag in run.tags:
                (self._tags.get(tag) or self._new_tag(tag)).add(record, cost)
            if (earlier := self._runs.get(outermost.int)) is None:
                self._runs.put(outermost.int, record)
                continue
            totals = self._runs[outermost.int] = _totals_of(earlier)
            totals.add(record, cost)

    def _new_row(self, place: Place) -> CostRow:
        if len(self._rows) >= MAX_ROWS:
            place = (place[0], OTHERS, None)
        return self._rows.setdefault(place, _row_of(place))

    def _new_tag(self, tag: str) -> CostTotals:
        return self._tags.setdefault(tag if len(self._tags) < MAX_ROWS else OTHERS, CostTotals())

    @override
    def _other_model_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        fresh = [answer for answer in answers if not is_cached(answer)]
        records = [record_of_answer(call, answer) for answer in fresh if call or has_usage(answer)]
        self._count(call, run_id, records, cached=len(answers) - len(fresh))

    @override
    def _other_model_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        if call is not None:
            records = [record_of_failure(call, error, answers)]
        else:
            outcome, stated = type(error).__name__, filter(has_usage, answers)
            records = [record_of_answer(None, answer, outcome) for answer in stated]
        self._count(call, run_id, records)

    @override
    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        self._count(call, call.run.id, [record_without_answer(call, "cancelled")])

    def _count(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        records: Sequence[AttemptRecord],
        cached: int = 0,
    ) -> None:
        """Add a run without attempts, of another model or from the cache; a second time ignored."""
        if self._around is not None:
            self._around._count(call, run_id, records, cached)  # noqa: SLF001  # the same class
        run = call.run if call else run_of(run_id, None, None, None)
        with self._lock:
            if run_id.int in self._counted:
                return
            self._counted.put(run_id.int, None)
            self.cached += cached
            self._pending.extend((run, self.outermost(run), record) for record in records)
            self._fold()


def _row_of(place: Place) -> CostRow:
    return CostRow(provider=place[0], model=place[1], key_id=place[2])


def _totals_of(entry: CostTotals | AttemptRecord) -> CostTotals:
    if isinstance(entry, CostTotals):
        return entry
    totals = CostTotals()
    totals.add(entry, cost_in(entry))
    return totals


def cost_in(record: AttemptRecord) -> Decimal:
    """Return the exact cost of an attempt in US dollars; 0 if it is unknown."""
    return ZERO if record.cost_usd is None else Decimal(repr(record.cost_usd))


NAME_OF_ROW: Mapping[By, Callable[[CostRow], str]] = {
    "provider": lambda row: row.provider,
    "model": lambda row: f"{row.provider}/{row.model}",
    "key": lambda row: row.key_id or "",
}


def _grouped(rows: Iterable[CostRow], name_of: Callable[[CostRow], str]) -> dict[str, CostTotals]:
    groups: dict[str, CostTotals] = {}
    for row in rows:
        totals = groups.setdefault(name_of(row), CostTotals())
        for field in CostTotals.__slots__:
            setattr(totals, field, getattr(totals, field) + getattr(row, field))
    return groups


COLUMNS = ("model", "key", "calls", "US dollars", "input tokens", "output tokens")


def totals_table(rows: Iterable[tuple[str, str, CostTotals]]) -> str:
    """Return an HTML table of named totals."""
    cells = [
        (model, key, row.calls, f"{row.cost_usd:.6f}", row.input_tokens, row.output_tokens)
        for model, key, row in rows
    ]
    return html_table(COLUMNS, cells)


_cost_handler: ContextVar[ScoutCostCallbackHandler | None] = ContextVar(
    "scout_cost_handler", default=None
)
register_configure_hook(_cost_handler, inheritable=True)


@contextmanager
def get_scout_cost_callback() -> Iterator[ScoutCostCallbackHandler]:
    """Add up the cost of every call inside a `with` block.

        with get_scout_cost_callback() as costs:
            chain.invoke("Hello"); print(costs.total_cost)

    Includes calls in chains, agents, tasks and threads that LangChain starts. A thread that you
    start yourself must copy the context. Calls in a nested block count for both blocks.
    """
    handler = ScoutCostCallbackHandler(_cost_handler.get())
    token = _cost_handler.set(handler)
    try:
        yield handler
    finally:
        _cost_handler.reset(token)
