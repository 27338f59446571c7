"""How LangChain hears of attempts: retries and custom events inside the one run of the call.

Core passes no run manager to `_stream` on most paths. `RunScope` makes the one that `stream` is
about to open known beforehand, so that attempts reach the same run on every path.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from langchain_core.callbacks import (
    AsyncCallbackHandler,
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    BaseCallbackHandler,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables.config import RunnableConfig, ensure_config
from langchain_core.utils.uuid import uuid7

if TYPE_CHECKING:
    from scout_adapters.llm.engine.attempt import Attempt
    from scout_adapters.llm.engine.observers import (
        AttemptEvent,
        AttemptGuard,
        AttemptObserver,
        Observer,
        StartObserver,
    )
    from scout_adapters.llm.engine.record import AttemptRecord

EVENT = "scout.attempt"

RunManager = CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun
_run: ContextVar[Callable[[], RunManager] | None] = ContextVar("scout_run", default=None)
_scope: ContextVar[RunScope | None] = ContextVar("scout_scope", default=None)


def take_run() -> RunManager | None:
    """Return the run manager that was announced for the call that begins here, and forget it."""
    announced = _run.get()
    if announced is None:
        return None
    _run.set(None)
    return announced()


def announce(run_manager: RunManager) -> None:
    """Make a run manager known to the `_stream` that core is about to call without it."""
    _run.set(lambda: run_manager)


def hand_over_stream(stream: AsyncGenerator[Any]) -> None:
    """Leave a stream to the scope that is open, if one is: it knows when nobody listens any more.

    Core drops the streams that it is closed on, and the garbage collector's way of closing them
    takes a task, turns of the loop, and a loop that lives as long.
    """
    if (owner := _scope.get()) is not None:
        _scope.set(None)
        owner.hold(stream)


def _nothing() -> None:
    return None


class RunScope:  # reads as a context, like contextlib's
    """Announces, around the first step of a stream, the run that core is going to open for it."""

    def __init__(
        self, model: BaseChatModel, config: RunnableConfig | None, *, is_async: bool
    ) -> None:
        """Fix the run's id in `config`, which is then passed on to core."""
        self.config = ensure_config(config)
        self._run_id = self.config["run_id"] = self.config.get("run_id") or uuid7()
        self._model = model
        self._is_async = is_async
        self._stream: Callable[[], AsyncGenerator[Any] | None] = _nothing

    def hold(self, stream: AsyncGenerator[Any]) -> None:
        """Take a stream to close; it lives no longer for that."""
        self._stream = ref(stream)

    def __enter__(self) -> None:
        self._tokens = _run.set(self._make), _scope.set(self if self._is_async else None)

    def __exit__(self, *error: object) -> None:
        _run.reset(self._tokens[0])
        _scope.reset(self._tokens[1])

    async def aclose(self) -> None:
        """Close the stream that was handed over, unless its loop is doing so at this moment."""
        if (stream := self._stream()) is not None:
            with suppress(RuntimeError):
                await stream.aclose()

    def _make(self) -> RunManager:
        config, model = self.config, self._model
        manager = CallbackManager.configure(
            config.get("callbacks"),
            model.callbacks,
            model.verbose,
            config.get("tags"),
            model.tags,
            config.get("metadata"),
            model.metadata,
        )
        kind = AsyncCallbackManagerForLLMRun if self._is_async else CallbackManagerForLLMRun
        return kind(
            run_id=self._run_id,
            handlers=manager.handlers,
            inheritable_handlers=manager.inheritable_handlers,
            parent_run_id=manager.parent_run_id,
            tags=manager.tags,
            metadata=manager.metadata,
        )


class RunObserver:
    """Tells a run's handlers of every attempt."""

    __slots__ = ("_asked_by", "_ends", "_first", "_guards", "_others", "_run", "_starts", "events")

    def __init__(
        self,
        run: RunManager,
        guards: Sequence[AttemptGuard],
        starts: Sequence[StartObserver],
        ends: Sequence[AttemptObserver],
        *,
        others: Sequence[BaseCallbackHandler],
        events: bool,
    ) -> None:
        """Take who is asked first, who hears at once, and whether anybody takes custom events.

        `others` are those whom core must tell that the run is over, told of attempts or not.
        """
        from scout_adapters.llm.engine.record import run_of

        self._run = run
        self._asked_by = run_of(run.run_id, run.parent_run_id, run.tags, run.metadata)
        self._first = bool(ends)
        self._others = others
        self._guards = guards
        self._starts = starts
        self._ends = ends
        self.events = events

    def on_proposal(self, attempt: Attempt) -> None:
        """Ask those who guard a budget; where one says no, the others forget the attempt."""
        asked = 0
        try:
            for guard in self._guards:
                asked += 1
                guard.on_scout_attempt_admit(self._asked_by, attempt)
        except BaseException:  # goes on: a refusal, or whatever a handler raises
            unmade = attempt.not_sent_record()
            for guard in self._guards[:asked]:
                guard.on_scout_attempt_end(self._asked_by, unmade)
            raise

    def on_start(self, attempt: Attempt) -> None:
        """Tell those who must know before the first byte leaves."""
        if self._first:
            self._note()
        if self._starts:
            about = attempt.about
            for listener in self._starts:
                listener.on_scout_attempt_start(self._asked_by, about)

    def on_end(self, record: AttemptRecord) -> None:
        """Tell those who must know at once, even if the call is cancelled the next moment."""
        if self._first:
            self._note()
        for listener in self._ends:
            listener.on_scout_attempt_end(self._asked_by, record)

    def _note(self) -> None:
        from scout_adapters.llm.engine.record import runs_with_attempts

        self._first = False
        runs_with_attempts.put(self._asked_by.id.int, None)
        self._run.handlers = [*self._others]

    def notify(self, events: Sequence[AttemptEvent]) -> None:
        """Tell the callbacks."""
        run = self._run if isinstance(self._run, CallbackManagerForLLMRun) else self._run.get_sync()
        for item in events:
            if item.retry is not None:
                run.on_retry(item.retry)
            if self.events:
                manager = CallbackManager(**_inherited(run))
                manager.on_custom_event(EVENT, item.record.as_dict(), run_id=run.run_id)

    async def anotify(self, events: Sequence[AttemptEvent]) -> None:
        """Twin of `tell`."""
        run = self._run
        if isinstance(run, CallbackManagerForLLMRun):
            self.notify(events)
            return
        for item in events:
            if item.retry is not None:
                await run.on_retry(item.retry)
            if self.events:
                manager = AsyncCallbackManager(**_inherited(run))
                await manager.on_custom_event(EVENT, item.record.as_dict(), run_id=run.run_id)


def _inherited(run: RunManager) -> dict[str, Any]:
    """Return what a manager takes that reports from within a run."""
    return {
        "handlers": run.handlers,
        "inheritable_handlers": run.inheritable_handlers,
        "parent_run_id": run.run_id,
        "tags": run.tags,
        "metadata": run.metadata,
    }


@cache
def reads_streams(kind: type[BaseCallbackHandler]) -> bool:
    """Tell whether a kind of handler has core stream what was asked for whole."""
    return hasattr(kind, "tap_output_aiter")


class Interests(NamedTuple):
    """What a kind of handler hears of attempts."""

    guards: bool
    starts: bool
    ends: bool
    logs: bool
    """It has a log of its own, and writes every attempt already."""

    content: bool
    """It may be content with hearing of attempts."""

    events: bool


@cache
def _interests(kind: type[BaseCallbackHandler]) -> Interests:
    has = partial(hasattr, kind)
    return Interests(
        guards=has("on_scout_attempt_admit"),
        starts=has("on_scout_attempt_start"),
        ends=has("on_scout_attempt_end"),
        logs=has("writes_attempts"),
        content=has("content"),
        events=kind.on_custom_event not in SILENT,
    )


def observer(run: RunManager | None) -> Observer | None:
    """Make the observer of a run, or None where nobody listens."""
    from scout_adapters.llm.engine.audit_rows import environment_audit

    if run is None or not run.handlers:
        return environment_audit()
    guards: tuple[Any, ...] = ()
    starts: tuple[Any, ...] = ()
    ends: tuple[Any, ...] = ()
    others: tuple[BaseCallbackHandler, ...] = ()
    logs = events = False
    for handler in run.handlers:
        ears = _interests(type(handler))  # type: ignore[arg-type]  # classes can be hashed
        if not (ears.ends and ears.content and handler.content):  # type: ignore[attr-defined]  # it has
            others += (handler,)
        if ears.ends and handler not in ends:  # each hears once
            ends += (handler,)
            logs = logs or ears.logs
            if ears.starts:
                starts += (handler,)
            if ears.guards:
                guards += (handler,)
        events = events or (ears.events and not handler.ignore_custom_event)
    if not logs and (by_environment := environment_audit()):
        starts += (by_environment,)
        ends += (by_environment,)
    return RunObserver(run, guards, starts, ends, others=others, events=events)


SILENT = frozenset({BaseCallbackHandler.on_custom_event, AsyncCallbackHandler.on_custom_event})
"""What handlers have that do not listen to custom events: telling them costs time for nothing."""
