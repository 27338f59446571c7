"""The limit of an agent: what runs within it, and how the agent ends at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from langchain.agents.middleware import ExtendedModelResponse, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import Runnable
from langgraph.types import Command

from scout_adapters.agents import budget_endings as endings
from scout_adapters.agents.agent_budget import AgentBudget
from scout_adapters.agents.agent_place import agent_place
from scout_adapters.agents.budget_limits import WORDS, AgentHandlers, AgentPer
from scout_adapters.agents.money_left import left_text
from scout_adapters.errors import BudgetExceeded

ModelCall = Callable[[ModelRequest[Any]], Any]
AsyncModelCall = Callable[[ModelRequest[Any]], Awaitable[Any]]
ToolResult = ToolMessage | Command[Any]
ToolCall = Callable[[ToolCallRequest], ToolResult]
AsyncToolCall = Callable[[ToolCallRequest], Awaitable[ToolResult]]
SummaryCall = tuple[AgentBudget, Runnable[Any, AIMessage], list[BaseMessage]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimit:
    """Makes the calls of an agent within its budget, or ends the agent."""

    handlers: AgentHandlers
    per: AgentPer
    ends: bool
    """Whether the agent ends with a message, and not with `BudgetExceeded`."""

    last_message: endings.LastMessage | None
    summarizer: Runnable[Any, AIMessage] | None
    set_aside_usd: float

    def budget_at(self, state: Any, runtime: Any) -> AgentBudget:
        """Return the budget of the agent that has this state and runtime."""
        return AgentBudget(self.handlers.main, self.per, agent_place(state, runtime))

    def model_call(self, request: ModelRequest[Any], handler: ModelCall) -> Any:
        """Make a model call, or return the last message of the agent."""
        budget = self.budget_at(request.state, request.runtime)
        try:
            with budget.applied():
                return handler(request)
        except BudgetExceeded as error:
            return _end(self.ending(error, request.messages, budget))

    async def amodel_call(self, request: ModelRequest[Any], handler: AsyncModelCall) -> Any:
        """Async twin of `model_call`."""
        budget = self.budget_at(request.state, request.runtime)
        try:
            with budget.applied():
                return await handler(request)
        except BudgetExceeded as error:
            return _end(await self.aending(error, request.messages, budget))

    def tool_call(self, request: ToolCallRequest, handler: ToolCall) -> ToolResult:
        """Run a tool, or return an error if the budget refuses a call in it."""
        budget = self.budget_at(request.state, request.runtime)
        try:
            with budget.applied():
                return handler(request)
        except BudgetExceeded as error:
            self._check_end(error, budget)
            return endings.unfinished_tool(self._reason(error), request.tool_call)

    async def atool_call(self, request: ToolCallRequest, handler: AsyncToolCall) -> ToolResult:
        """Async twin of `tool_call`."""
        budget = self.budget_at(request.state, request.runtime)
        try:
            with budget.applied():
                return await handler(request)
        except BudgetExceeded as error:
            self._check_end(error, budget)
            return endings.unfinished_tool(self._reason(error), request.tool_call)

    def hook(self, hook: Callable[[], Any], state: Any, runtime: Any) -> Any:
        """Run a hook that is a node of the agent's graph; end the agent if its budget is exceeded.

        Returns the hook's result, or a state update with the last message and `jump_to="end"`.
        Raises: `BudgetExceeded` if this middleware does not end agents.
        """
        budget = self.budget_at(state, runtime)
        try:
            with budget.applied():
                return hook()
        except BudgetExceeded as error:
            message = self.ending(error, state["messages"], budget)
            return {"messages": [message], "jump_to": "end"}

    async def ahook(self, hook: Callable[[], Awaitable[Any]], state: Any, runtime: Any) -> Any:
        """Async twin of `hook`."""
        budget = self.budget_at(state, runtime)
        try:
            with budget.applied():
                return await hook()
        except BudgetExceeded as error:
            message = await self.aending(error, state["messages"], budget)
            return {"messages": [message], "jump_to": "end"}

    def left(self, state: Any, runtime: Any) -> str:
        """Return what is left of the budget as a sentence."""
        return left_text(self.budget_at(state, runtime).balance(), WORDS[self.per])

    async def aleft(self, state: Any, runtime: Any) -> str:
        """Async twin of `left`; a store that blocks is read in its own thread."""
        budget = self.budget_at(state, runtime)
        worker = budget.handler.worker
        balance = budget.balance() if worker is None else await worker.run(budget.balance)
        return left_text(balance, WORDS[self.per])

    def ending(
        self, error: BudgetExceeded, messages: Sequence[BaseMessage], budget: AgentBudget
    ) -> AIMessage:
        """Return the last message of an agent, or raise the error."""
        self._check_end(error, budget)
        for reserve, model, prompt in self._summary_calls(messages, budget):
            with _unless_refused(), reserve.applied():
                return endings.marked(model.invoke(prompt), error)
        return endings.marked(self._message(error), error)

    async def aending(
        self, error: BudgetExceeded, messages: Sequence[BaseMessage], budget: AgentBudget
    ) -> AIMessage:
        """Async twin of `ending`."""
        self._check_end(error, budget)
        for reserve, model, prompt in self._summary_calls(messages, budget):
            with _unless_refused(), reserve.applied():
                return endings.marked(await model.ainvoke(prompt), error)
        return endings.marked(self._message(error), error)

    def _check_end(self, error: BudgetExceeded, budget: AgentBudget) -> None:
        """Raise the error if this middleware does not end the agent.

        This applies to an unknown price, which a developer must set, and to a budget around this
        one, whose own middleware ends its agent.
        """
        if not self.ends or error.asked_usd is None or budget.leaves_to_outer(error):
            raise error

    def _summary_calls(
        self, messages: Sequence[BaseMessage], budget: AgentBudget
    ) -> Iterator[SummaryCall]:
        """Yield calls for a summary, each of less than the one before."""
        if self.summarizer is not None and self.handlers.summary is not None:
            reserve = AgentBudget(self.handlers.summary, self.per, budget.place)
            for prompt in endings.summary_prompts(messages):
                yield reserve, self.summarizer, prompt

    def _message(self, error: BudgetExceeded) -> AIMessage:
        text = self.last_message
        if text is None:
            text = f"I stop here: {self._reason(error)}"
        return AIMessage(text if isinstance(text, str) else text(error))

    def _reason(self, error: BudgetExceeded) -> str:
        if error.budget != self.handlers.main.name:  # of an agent around this one, or a handler
            return endings.reason(error, f"named {error.budget!r}")
        return endings.reason(error, WORDS[self.per], self.set_aside_usd)


@contextmanager
def _unless_refused() -> Iterator[None]:
    """Go on after a summary that is too expensive; one of an unknown price is a developer's."""
    try:
        yield
    except BudgetExceeded as error:
        if error.asked_usd is None:
            raise


def _end(message: AIMessage) -> ExtendedModelResponse[Any]:
    """Return the last message of an agent, and the command that ends it."""
    return ExtendedModelResponse(ModelResponse([message]), Command(update={"jump_to": "end"}))
