"""Base of the callback handlers: outermost runs, and calls of other LangChain models.

Our chat models report every attempt to a handler (`on_scout_attempt_end`). For any other LangChain
model core only reports that a call starts and ends, and no end if the call's task was cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self
from uuid import UUID
from weakref import WeakSet

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.callbacks.awaited_callback import AwaitedCallback, call_logged, in_loop
from scout_adapters.callbacks.open_calls import OpenCalls, OtherModelCall, other_model_call
from scout_adapters.llm.engine.raised_calls import raised_call_observers
from scout_adapters.llm.engine.record import Run, run_of, runs_with_attempts

OURS = "scout-adapters"
"""The key that our chat models add to `lc_versions` in a run's metadata."""


REPORTED_CALLBACKS = (
    "on_llm_new_token",
    "on_llm_end",
    "on_llm_error",
    "on_retry",
    "on_custom_event",
    "on_text",
)
"""Core's callbacks of a started run, which can be skipped after our attempts were reported."""


class RunHandler(BaseCallbackHandler):
    """Tracks the outermost run of each run, and the calls of other models that are open.

    Attached to a chain, an agent or a graph, it receives the events of all runs inside. Attached to
    a model alone, the run around the call is the outermost one.
    """

    # Without it core runs every callback, that of each token too, in another thread and waits.
    run_inline = True
    # Properties in core, which reads them for every handler and event; one of them for each token.
    ignore_chat_model = ignore_llm = False
    attempts_suffice = _overrides_core = False

    def __init__(self, *, needs_messages: bool = False, needs_call_ends: bool = False) -> None:
        """Set which of core's callbacks are also needed for calls of our own chat models.

        `needs_messages`: prompts and answers. `needs_call_ends`: the end of each call.
        """
        super().__init__()
        self._needs_messages, self._needs_call_ends = needs_messages, needs_call_ends
        self.attempts_suffice = not (needs_messages or needs_call_ends or self._overrides_core)
        """Whether core's own callbacks can be skipped once a run's attempts were reported."""

        self._outermost: BoundedDict[UUID, UUID] = BoundedDict()
        self._open = OpenCalls()
        _handlers.add(self)
        if needs_call_ends:
            raised_call_observers.add(self)

    def __deepcopy__(self, memo: object) -> Self:
        return self  # a deep copy of a model or a chain reports to the same handlers

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls._overrides_core = any(
            getattr(cls, name) is not getattr(RunHandler, name) for name in REPORTED_CALLBACKS
        )

    @property
    def worker(self) -> OrderedWorker | None:
        """The thread for blocking work in async calls, such as writing a file; None by default."""
        return None

    def outermost(self, run: Run) -> UUID:
        """Return the id of the outermost chain, agent or graph run around a run, or `run.id`."""
        if run.parent is None:
            return run.id
        return self._outermost.get(run.parent) or run.parent

    def _enter(self, kind: str, serialized: Any, event: Mapping[str, Any]) -> None:
        run = run_of(
            event["run_id"], event.get("parent_run_id"), event.get("tags"), event.get("metadata")
        )
        self._outermost.put(run.id, self.outermost(run))
        name = event.get("name") or (serialized or {}).get("name") or kind
        self._on_run_start(kind, run, str(name))

    def _leave(self, kind: str, run_id: UUID, error: BaseException | None = None) -> None:
        self._outermost.pop(run_id, None)
        self._end_unclosed_calls()
        self._off_loop(self._on_run_end, kind, run_id, error)

    def _off_loop(self, function: Callable[..., None], *arguments: Any) -> None:
        """Call a function; queue it for the worker if an event loop runs in this thread."""
        if self.worker is None or not in_loop():
            function(*arguments)
        else:
            self.worker.submit(call_logged, function, *arguments)

    @override
    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        """Track a chain, agent or graph, which may contain calls."""
        self._enter("chain", serialized, kwargs)

    @override
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Stop tracking a chain, agent or graph that ended."""
        self._leave("chain", run_id)

    @override
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Stop tracking a chain, agent or graph that failed."""
        self._leave("chain", run_id, error)

    @override
    def on_tool_start(self, serialized: Any, input_str: str, **kwargs: Any) -> None:
        """Track a tool, which may contain calls."""
        self._enter("tool", serialized, kwargs)

    @override
    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Stop tracking a tool that ended."""
        self._leave("tool", run_id)

    @override
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Stop tracking a tool that failed."""
        self._leave("tool", run_id, error)

    def _on_messages(self, event: str, run_id: UUID, messages: Sequence[BaseMessage]) -> None:
        """Receive a prompt ("llm_prompt") or answers ("llm_answer"); needs `needs_messages`."""

    def _on_call_over(self, run_id: UUID) -> None:
        """Receive the end of a call, successful or not; needs `needs_call_ends`."""

    def on_scout_call_raised(self, run_id: UUID, error: BaseException) -> None:  # noqa: ARG002  # for subclasses
        """Receive a call of ours that raised `error`; needs `needs_call_ends`.

        Core reports no end of it if a handler has raised in a callback of its start or end.
        """
        self._off_loop(self._on_call_over, run_id)

    def _on_run_start(self, kind: str, run: Run, name: str) -> None:
        """Receive the start of a chain or tool; `kind` is "chain" or "tool"."""

    def _on_run_end(self, kind: str, run_id: UUID, error: BaseException | None) -> None:
        """Receive the end of a chain or tool."""

    def _other_call(
        self, messages: list[list[BaseMessage]], event: Mapping[str, Any]
    ) -> OtherModelCall:
        """Return the call of another model for the event that core reports at its start."""
        details = event.get("metadata") or {}
        run = run_of(event["run_id"], event.get("parent_run_id"), event.get("tags"), details)
        return other_model_call(run, messages[0], details, event.get("invocation_params") or {})

    def _on_chat_model_start(
        self, _serialized: Any, messages: list[list[BaseMessage]], **event: Any
    ) -> None:
        if self._needs_messages:
            self._off_loop(self._on_messages, "llm_prompt", event["run_id"], messages[0])
        if is_ours(event):
            return  # our models report their attempts themselves
        self._end_unclosed_calls()
        call = self._other_call(messages, event)
        try:
            self._open.add(call, partial(self._cancel, call))
            self._other_model_started(call)
        except BaseException:  # raised again: a refusal, Ctrl-C
            _refuse(call)
            raise

    async def _aon_chat_model_start(
        self, _serialized: Any, messages: list[list[BaseMessage]], **event: Any
    ) -> None:
        if self._needs_messages:
            self._off_loop(self._on_messages, "llm_prompt", event["run_id"], messages[0])
        if is_ours(event):
            return  # as in the sync twin
        self._end_unclosed_calls()
        call = self._other_call(messages, event)
        assert self.worker is not None  # noqa: S101  # checked by `AwaitedCallback`
        try:
            self._open.add(call, partial(self._cancel, call))
            if not self._other_model_started_at_once(call):
                await self.worker.run(self._other_model_started, call)
        except asyncio.CancelledError:  # raised again: it may have started nevertheless
            self._cancel(call)
            raise
        except BaseException:  # raised again: a refusal, Ctrl-C
            _refuse(call)
            raise

    on_chat_model_start: Any = AwaitedCallback("on_chat_model_start")

    def _cancel(self, call: OtherModelCall) -> None:
        if self._open.close(call.run.id, call.messages):
            self._off_loop(self._other_model_cancelled, call)

    def _end_unclosed_calls(self) -> None:
        """End synchronous calls of other models that never ended, as another handler raised."""
        while self._open.unclosed:
            with suppress(IndexError):  # another thread was faster
                self._open.unclosed.popleft()()

    def _on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        """Report the answer of another model; of ours, the attempts were reported before."""
        if self._needs_messages:
            self._on_messages("llm_answer", run_id, answers_in(response))
        if run_id.int not in runs_with_attempts:
            self._other_model_ended(self._open.close(run_id), run_id, answers_in(response))
        if self._needs_call_ends:
            self._on_call_over(run_id)

    def _on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Report a failed call of another model, or a stream that its consumer closed."""
        if run_id.int not in runs_with_attempts:
            response = kwargs.get("response")
            answers = answers_in(response) if isinstance(response, LLMResult) else []
            self._other_model_failed(self._open.close(run_id), run_id, error, answers)
        if self._needs_call_ends:
            self._on_call_over(run_id)

    async def _aon_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        await self._run_off_loop(partial(self._on_llm_end, response, run_id=run_id), run_id)

    async def _aon_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        response = kwargs.get("response")
        callback = partial(self._on_llm_error, error, run_id=run_id, response=response)
        await self._run_off_loop(callback, run_id)

    async def _run_off_loop(self, callback: Callable[[], None], run_id: UUID) -> None:
        """Run a callback of a run's end in the worker, unless it has nothing to do."""
        if self.worker is not None and (
            self._needs_messages or self._needs_call_ends or run_id.int not in runs_with_attempts
        ):
            if self._ends_at_once(run_id):
                callback()
            else:
                await self.worker.run(callback)

    on_llm_end: Any = AwaitedCallback("on_llm_end")
    on_llm_error: Any = AwaitedCallback("on_llm_error")

    def _other_model_started(self, call: OtherModelCall) -> None:
        """Receive a call of another model before it is made; may raise to prevent it."""

    def _other_model_started_at_once(self, call: OtherModelCall) -> bool:  # noqa: ARG002  # for subclasses
        """Do the same without waiting, if that is possible; return whether it was done."""
        return False

    def _ends_at_once(self, run_id: UUID) -> bool:  # noqa: ARG002  # for subclasses
        """Return whether the end of a call of another model needs no waiting."""
        return False

    def _other_model_refused(self, call: OtherModelCall) -> None:
        """Receive a call that another handler prevented after this handler received its start."""

    def _other_model_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        """Receive the answers of another model.

        `call` is None if its start was not reported, and for a call of ours without attempts.
        """

    def _other_model_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        """Receive the failure of another model; `answers` is the part of a stream before it."""

    def _other_model_cancelled(self, call: OtherModelCall) -> None:
        """Receive a call whose asyncio task ended before core reported the end of the call."""


_handlers: WeakSet[RunHandler] = WeakSet()


def _refuse(call: OtherModelCall) -> None:
    """End a refused call for all handlers that received its start: core reports no end of it."""
    for handler in list(_handlers):
        with suppress(Exception):  # the refusal itself is raised
            while refused := handler._open.close(call.run.id, call.messages):  # noqa: SLF001  # of this module
                handler._off_loop(handler._other_model_refused, refused)  # noqa: SLF001  # as above


def is_ours(event: Mapping[str, Any]) -> bool:
    """Return whether the event of a call's start is from one of our chat models."""
    return OURS in ((event.get("metadata") or {}).get("lc_versions") or ())


def answers_in(response: LLMResult) -> list[AIMessage]:
    """Return the first answer to each prompt; [] if there is none.

    Further choices for a prompt are left out, because each states the tokens of all choices.
    """
    first = (generations[0] for generations in response.generations if generations)
    messages = (choice.message for choice in first if isinstance(choice, ChatGeneration))
    return [message for message in messages if isinstance(message, AIMessage)]


def is_cached(answer: AIMessage) -> bool:
    """Return whether the answer is from LangChain's cache, which sets `total_cost` to 0."""
    usage = answer.usage_metadata
    return usage is not None and usage.get("total_cost") == 0
