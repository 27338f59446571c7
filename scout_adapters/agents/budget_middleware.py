"""The middleware that keeps an agent, its tools and its sub-agents within a budget."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, NotRequired, Unpack
from uuid import uuid4

from langchain.agents.middleware import (
    AgentMiddleware,
    AgentState,
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
)
from langchain.agents.middleware.types import PrivateStateAttr, ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import Runnable
from langgraph.types import Command
from typing_extensions import override

from scout_adapters.agents import budget_endings as endings
from scout_adapters.agents.agent_budget import AgentBudget, applies_outside
from scout_adapters.agents.agent_place import AgentPlace, agent_place
from scout_adapters.agents.budget_limits import WORDS, AgentPer, BudgetOptions, agent_handlers
from scout_adapters.agents.covered_middleware import Coverage, MiddlewareT, covered
from scout_adapters.agents.money_left import left_text, money_left_tool, with_note
from scout_adapters.budget import Balance
from scout_adapters.budget.plan import Usd
from scout_adapters.errors import BudgetExceeded, ConfigurationError

ModelCall = Callable[[ModelRequest[Any]], ModelResponse[Any]]
AsyncModelCall = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
SummaryCall = tuple[AgentBudget, Runnable[Any, AIMessage], list[BaseMessage]]
ToolResult = ToolMessage | Command[Any]


class BudgetState(AgentState[Any]):
    """The state of an agent with the id of its run, which is kept over interrupts and resumes."""

    scout_budget_run: NotRequired[Annotated[str, PrivateStateAttr]]


class ScoutBudgetMiddleware(AgentMiddleware[Any, Any, Any]):
    """Keeps an agent within a limit: its model calls, and those in its tools and sub-agents.

        budget = ScoutBudgetMiddleware(0.05, per="thread", path="budgets.db")
        agent = create_agent(model, tools, middleware=[budget])

    Before each model call the most that it can cost is held, as `ScoutBudgetCallbackHandler` does
    it, which see. A call that might exceed the limit is not sent: the agent ends with a message. A
    tool in which that happens returns an error to the agent. In the list of middleware put it after
    those that retry or fall back, and before those that call models themselves.
    """

    state_schema = BudgetState

    def __init__(  # noqa: PLR0913  # independent options
        self,
        limit_usd: Usd | Mapping[str, Usd],
        *,
        per: AgentPer = "run",
        on_exceeded: Literal["end", "raise"] = "end",
        last_message: endings.LastMessage | None = None,
        summary_model: BaseChatModel | None = None,
        summary_usd: Usd | None = None,
        tell: Literal["note", "tool"] | None = None,
        **options: Unpack[BudgetOptions],
    ) -> None:
        """Allow US dollars `limit_usd` for each `per`.

        `per` is "run" (the default; from a question to the end, interrupts and resumes included),
        "thread" (all runs with one `thread_id`), "hour", "day", "month" or "total". With
        `scope="user"` each user has a limit: `user_id` of the configuration, metadata or context.

        `on_exceeded` is "end" (the default) or "raise" (`BudgetExceeded`). `last_message` is the
        text of the last message, or a function of the error that returns it. `summary_model`
        writes it instead, from the conversation: `summary_usd`, by default a tenth of the limit,
        is set aside for it. `tell="note"` ends each request with what is left, `tell="tool"` gives
        the agent a tool `money_left`.

        Further options are those of `ScoutBudgetCallbackHandler`: `scope`, `name`, `path`, `store`,
        `answer_tokens`, `unpriced`, `wall`; and `cheaper=True`, with which a route goes on to the
        next candidate that there is money for. With `unpriced="allow"` a model without a known
        price is not limited, and counts afterwards if its answer states a cost.

        Raises: `ConfigurationError` for a value that is not listed here.
        """
        super().__init__()
        self._check(on_exceeded, tell, options)
        if summary_model is not None and summary_usd is None:
            summary_usd = _tenth(limit_usd)
        reserve = summary_usd if summary_model else None
        self._handlers = agent_handlers(limit_usd, per, reserve, options)
        self._per, self._ends, self._tells_note = per, on_exceeded == "end", tell == "note"
        self._last_message, self._set_aside = last_message, float(str(reserve or 0))
        self._summarizer = endings.summarizer(summary_model) if summary_model else None
        self.tools = (
            [money_left_tool(self._text_of_call, self._atext_of_call)] if tell == "tool" else []
        )

    @staticmethod
    def _check(on_exceeded: str, tell: str | None, options: BudgetOptions) -> None:
        if on_exceeded not in {"end", "raise"}:
            raise ConfigurationError(f"on_exceeded={on_exceeded!r} is none of end, raise")
        if tell not in {"note", "tool", None}:
            raise ConfigurationError(f"tell={tell!r} is none of note, tool")
        scope = options.get("scope")
        by = scope if isinstance(scope, str) else next(iter(scope), None) if scope else None
        if tell and by not in {None, "user"}:
            raise ConfigurationError(f"tell={tell!r} needs one limit: without scope=, or by user")

    @property
    def name(self) -> str:
        """The name in the agent's graph; of several budgets, each has its own."""
        return f"ScoutBudget_{re.sub(r'[^0-9A-Za-z]+', '_', self._handlers.main.name)}"

    @property
    def balances(self) -> list[Balance]:
        """The balance of each account, by window and scope; integers of nano-dollars."""
        return [balance for handler in self._handlers if handler for balance in handler.balances]

    @property
    def spent_usd(self) -> float:
        """US dollars spent in the current window, or in all runs and threads."""
        return sum(handler.spent_usd for handler in self._handlers if handler)

    @override
    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Give a run its id, if it has a limit of its own."""
        return {"scout_budget_run": uuid4().hex} if self._per == "run" else None

    @override
    async def abefore_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Async twin of `before_agent`."""
        return self.before_agent(state, runtime)

    @override
    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelCall) -> Any:
        """Make a model call within the budget, or end the agent."""
        budget = self._budget(request)
        if self._tells_note:
            request = _noted(request, self._text(budget.balance()))
        try:
            with budget.applied():
                return handler(request)
        except BudgetExceeded as error:
            return _end(self._ending(error, request.messages, budget.place))

    @override
    async def awrap_model_call(self, request: ModelRequest[Any], handler: AsyncModelCall) -> Any:
        """Async twin of `wrap_model_call`."""
        budget = self._budget(request)
        if self._tells_note:
            request = _noted(request, self._text(await _abalance(budget)))
        try:
            with budget.applied():
                return await handler(request)
        except BudgetExceeded as error:
            return _end(await self._aending(error, request.messages, budget.place))

    @override
    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolResult]
    ) -> ToolResult:
        """Run a tool whose model calls and sub-agents are within the budget."""
        try:
            with self._budget(request).applied():
                return handler(request)
        except BudgetExceeded as error:
            self._check_end(error)
            return endings.unfinished_tool(self._reason(error), request.tool_call)

    @override
    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolResult]]
    ) -> ToolResult:
        """Async twin of `wrap_tool_call`."""
        try:
            with self._budget(request).applied():
                return await handler(request)
        except BudgetExceeded as error:
            self._check_end(error)
            return endings.unfinished_tool(self._reason(error), request.tool_call)

    def cover(self, other: MiddlewareT) -> MiddlewareT:
        """Return a copy of another middleware whose own model calls count too.

            summarizer = budget.cover(SummarizationMiddleware(cheap))
            agent = create_agent(model, tools, middleware=[budget, summarizer])

        Needed for hooks before and after the agent and its model, such as those of
        `SummarizationMiddleware`; hooks around a model call count if they come after this one.
        """
        coverage = Coverage(
            lambda state, runtime: self._budget_at(state, runtime).applied(),
            lambda error, state, runtime: self._ending(
                error, state["messages"], agent_place(state, runtime)
            ),
            lambda error, state, runtime: self._aending(
                error, state["messages"], agent_place(state, runtime)
            ),
        )
        return covered(other, coverage)

    def _budget(self, request: Any) -> AgentBudget:
        """Return the budget of the agent whose model or tool is called."""
        return self._budget_at(request.state, request.runtime)

    def _budget_at(self, state: Any, runtime: Any) -> AgentBudget:
        return AgentBudget(self._handlers.main, self._per, agent_place(state, runtime))

    def _check_end(self, error: BudgetExceeded) -> None:
        """Raise the error if this middleware does not end the agent.

        So it is with a price that is unknown, which a developer must set, and with a budget around
        this one, whose own middleware ends its agent.
        """
        if not self._ends or error.asked_usd is None or applies_outside(error):
            raise error

    def _ending(
        self, error: BudgetExceeded, messages: Sequence[BaseMessage], place: AgentPlace
    ) -> AIMessage:
        """Return the last message of an agent, or raise the error."""
        self._check_end(error)
        for budget, model, prompt in self._summary_calls(messages, place):
            with suppress(BudgetExceeded), budget.applied():
                return endings.marked(model.invoke(prompt), error)
        return endings.marked(self._message(error), error)

    async def _aending(
        self, error: BudgetExceeded, messages: Sequence[BaseMessage], place: AgentPlace
    ) -> AIMessage:
        """Async twin of `_ending`."""
        self._check_end(error)
        for budget, model, prompt in self._summary_calls(messages, place):
            with suppress(BudgetExceeded), budget.applied():
                return endings.marked(await model.ainvoke(prompt), error)
        return endings.marked(self._message(error), error)

    def _summary_calls(
        self, messages: Sequence[BaseMessage], place: AgentPlace
    ) -> Iterator[SummaryCall]:
        """Yield calls for a summary, each of less than the one before."""
        if self._summarizer is not None and self._handlers.summary is not None:
            budget = AgentBudget(self._handlers.summary, self._per, place)
            for prompt in endings.summary_prompts(messages):
                yield budget, self._summarizer, prompt

    def _message(self, error: BudgetExceeded) -> AIMessage:
        text = self._last_message
        if text is None:
            text = f"I stop here: {self._reason(error)}"
        return AIMessage(text if isinstance(text, str) else text(error))

    def _reason(self, error: BudgetExceeded) -> str:
        if error.budget != self._handlers.main.name:  # of an agent around this one, or a handler
            return endings.reason(error, f"named {error.budget!r}")
        return endings.reason(error, WORDS[self._per], self._set_aside)

    def _text(self, balance: Balance | None) -> str:
        assert balance is not None  # noqa: S101  # `_check` refuses scopes with several accounts
        return left_text(balance, WORDS[self._per])

    def _text_of_call(self, runtime: Any) -> str:
        return self._text(self._budget_at(runtime.state, runtime).balance())

    async def _atext_of_call(self, runtime: Any) -> str:
        return self._text(await _abalance(self._budget_at(runtime.state, runtime)))


def _tenth(limit_usd: Usd | Mapping[str, Usd]) -> Any:
    limits = limit_usd.values() if isinstance(limit_usd, Mapping) else [limit_usd]
    return min(float(str(limit)) for limit in limits) / 10


def _noted(request: ModelRequest[Any], text: str) -> ModelRequest[Any]:
    return request.override(messages=with_note(request.messages, text))


async def _abalance(budget: AgentBudget) -> Balance | None:
    """Return a balance; a store that blocks is read in its own thread."""
    worker = budget.handler.worker
    return budget.balance() if worker is None else await worker.run(budget.balance)


def _end(message: AIMessage) -> ExtendedModelResponse[Any]:
    """Return the last message of an agent, and the order to go to its end."""
    return ExtendedModelResponse(ModelResponse([message]), Command(update={"jump_to": "end"}))
