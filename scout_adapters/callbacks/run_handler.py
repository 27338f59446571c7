"""What handlers know of runs: whose they are, to which outermost run they belong, how they end.

Our own models tell handlers of every attempt. Of all other LangChain models handlers hear only when
a call starts and ends, and not even that it ended where its task was cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from typing_extensions import override

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.llm.engine.record import Run, run_of, runs_with_attempts

OURS = "scout-adapters"
"""What the versions in a run's metadata name where it is of one of our models."""


@dataclass(frozen=True, slots=True)
class OtherModelCall:
    """A call of a model that is not ours, as LangChain tells of it when it starts."""

    run: Run
    provider: str
    model: str
    max_tokens: int | None
    messages: Sequence[BaseMessage] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    """LangChain's `invocation_params`."""


REPORTED_CALLBACKS = (
    "on_llm_new_token",
    "on_llm_end",
    "on_llm_error",
    "on_retry",
    "on_custom_event",
    "on_text",
)
"""What core tells of a run that has begun."""


class RunHandler(BaseCallbackHandler):
    """Knows the outermost run of each run that it hears of, and the calls of models not ours.

    Attached to a chain, an agent or a graph it hears of all runs within; attached to a model alone,
    it takes the run around the call for the outermost one.
    """

    # Else core hands every event, each streamed token too, to another thread, and waits for it.
    run_inline = True
    ignore_chat_model = False  # core has a property, and asks it of every handler
    attempts_suffice = _changed = False

    def __init__(self, *, hears_texts: bool = False, hears_ends: bool = False) -> None:
        """Say whether it wants to hear what is asked and answered, and when calls are over."""
        super().__init__()
        self._hears_texts, self._hears_ends = hears_texts, hears_ends
        self.attempts_suffice = not (hears_texts or hears_ends or self._changed)
        """Whether it needs no word of core's once it has been told of a run's attempts."""

        self._outermost: BoundedDict[UUID, UUID] = BoundedDict()
        self._open: BoundedDict[UUID, tuple[OtherModelCall, Callable[[], None]]] = BoundedDict()

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls._changed = any(
            getattr(cls, name) is not getattr(RunHandler, name) for name in REPORTED_CALLBACKS
        )

    def outermost(self, run: Run) -> UUID:
        """Return the id of the chain, agent or graph run that a call is part of, or its own."""
        if run.parent is None:
            return run.id
        return self._outermost.get(run.parent) or run.parent

    def _enter(self, kind: str, serialized: Any, told: Mapping[str, Any]) -> None:
        run = run_of(
            told["run_id"], told.get("parent_run_id"), told.get("tags"), told.get("metadata")
        )
        self._outermost.put(run.id, self.outermost(run))
        self._entered(kind, run, str(told.get("name") or (serialized or {}).get("name") or kind))

    def _leave(self, kind: str, run_id: UUID, error: BaseException | None = None) -> None:
        self._outermost.pop(run_id, None)
        self._left(kind, run_id, error)

    @override
    def on_chain_start(self, serialized: Any, inputs: Any, **told: Any) -> None:
        """Note a run in which others may lie."""
        self._enter("chain", serialized, told)

    @override
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **told: Any) -> None:
        """Forget it."""
        self._leave("chain", run_id)

    @override
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **told: Any) -> None:
        """Forget it."""
        self._leave("chain", run_id, error)

    @override
    def on_tool_start(self, serialized: Any, input_str: str, **told: Any) -> None:
        """Note a run in which others may lie."""
        self._enter("tool", serialized, told)

    @override
    def on_tool_end(self, output: Any, *, run_id: UUID, **told: Any) -> None:
        """Forget it."""
        self._leave("tool", run_id)

    @override
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **told: Any) -> None:
        """Forget it."""
        self._leave("tool", run_id, error)

    def _said(self, event: str, run_id: UUID, messages: Sequence[BaseMessage]) -> None:
        """Hear what was asked or answered, if it `hears_texts`."""

    def _over(self, run_id: UUID) -> None:
        """Hear that a call is over, if it `hears_ends`."""

    def _entered(self, kind: str, run: Run, name: str) -> None:
        """Hear that a chain or a tool begins to run."""

    def _left(self, kind: str, run_id: UUID, error: BaseException | None) -> None:
        """Hear that it has ended."""

    @override
    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Note the call of a model that is not ours, until it ends or its task does."""
        if self._hears_texts:
            self._said("llm_prompt", run_id, messages[0])
        known = metadata or {}
        if OURS in (known.get("lc_versions") or ()):
            return  # our models tell of their attempts themselves
        options = kwargs.get("invocation_params") or {}
        call = OtherModelCall(
            run=run_of(run_id, parent_run_id, tags, metadata),
            provider=str(known.get("ls_provider") or "unknown"),
            model=str(known.get("ls_model_name") or "unknown"),
            max_tokens=known.get("ls_max_tokens"),
            messages=messages[0],
            options=options,
        )
        self._foreign_started(call)
        self._open.put(run_id, (call, _when_task_ends(partial(self._abandoned, run_id))))

    def _abandoned(self, run_id: UUID) -> None:
        if call := self._closed(run_id):
            self._foreign_cancelled(call)

    def _closed(self, run_id: UUID) -> OtherModelCall | None:
        held = self._open.pop(run_id, None)
        if held is None:
            return None
        call, forget = held
        forget()
        return call

    @override
    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Hear that a call was answered; of ours, everything is known by then."""
        if self._hears_texts:
            self._said("llm_answer", run_id, answers_in(response))
        if run_id.int not in runs_with_attempts:
            self._foreign_ended(self._closed(run_id), run_id, answers_in(response))
        if self._hears_ends:
            self._over(run_id)

    @override
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Hear that a call failed, or that its stream was left."""
        if run_id.int not in runs_with_attempts:
            response = kwargs.get("response")
            answers = answers_in(response) if isinstance(response, LLMResult) else []
            self._foreign_failed(self._closed(run_id), run_id, error, answers)
        if self._hears_ends:
            self._over(run_id)

    def _foreign_started(self, call: OtherModelCall) -> None:
        """Hear that a model which is not ours is about to be asked."""

    def _foreign_ended(
        self, call: OtherModelCall | None, run_id: UUID, answers: Sequence[AIMessage]
    ) -> None:
        """Hear what it answered; `call` is None for a run of ours, and one not heard to start."""

    def _foreign_failed(
        self,
        call: OtherModelCall | None,
        run_id: UUID,
        error: BaseException,
        answers: Sequence[AIMessage],
    ) -> None:
        """Hear that it failed; `answers` is the part of a stream that came before."""

    def _foreign_cancelled(self, call: OtherModelCall) -> None:
        """Hear that the task in which it was asked has ended, and the call with it."""


def answers_in(response: LLMResult) -> list[AIMessage]:
    """Return the message that a model has answered each prompt with.

    Of several choices for one prompt the first: each of them repeats the tokens of all.
    """
    first = (generations[0] for generations in response.generations if generations)
    found = (one.message for one in first if isinstance(one, ChatGeneration))
    return [message for message in found if isinstance(message, AIMessage)]


def is_cached(answer: AIMessage) -> bool:
    """Tell whether LangChain's cache has given the answer: it says so, and keeps the tokens."""
    usage = answer.usage_metadata
    return usage is not None and usage.get("total_cost") == 0


def _when_task_ends(tell: Callable[[], None]) -> Callable[[], None]:
    """Have `tell` called when the running task ends, if there is one; return how to undo it."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None:
        return lambda: None

    def ended(_task: asyncio.Task[Any]) -> None:
        tell()

    def forget() -> None:
        task.remove_done_callback(ended)

    task.add_done_callback(ended)
    return forget
