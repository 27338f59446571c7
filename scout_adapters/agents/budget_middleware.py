"""The middleware that keeps an agent, its tools and its sub-agents within a budget."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, Unpack
from uuid import uuid4

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest
from langchain.agents.middleware.types import PrivateStateAttr, ToolCallRequest
from langchain_core.language_models import BaseChatModel
from typing_extensions import override

from scout_adapters.agents import budget_endings as endings
from scout_adapters.agents.agent_limit import (
    AgentLimit,
    AsyncModelCall,
    AsyncToolCall,
    ModelCall,
    ToolCall,
    ToolResult,
)
from scout_adapters.agents.agent_place import RUN_KEY
from scout_adapters.agents.budget_limits import (
    AgentPer,
    BudgetOptions,
    agent_handlers,
    summary_reserve,
)
from scout_adapters.agents.covered_middleware import MiddlewareT, covered
from scout_adapters.agents.money_left import money_left_tool, with_note
from scout_adapters.budget import Balance
from scout_adapters.budget.plan import Usd
from scout_adapters.errors import ConfigurationError


class BudgetState(AgentState[Any]):
    """The state of an agent with the id of its run, which is kept over interrupts and resumes."""

    scout_budget_run: NotRequired[Annotated[str, PrivateStateAttr]]


class ScoutBudgetMiddleware(AgentMiddleware[Any, Any, Any]):
    """Keeps an agent within a limit: its model calls, and those in its tools and sub-agents.

        budget = ScoutBudgetMiddleware(0.05, per="thread", path="budgets.db")
        agent = create_agent(model, tools, middleware=[budget])

    Before each model call the most that it can cost is held, as `ScoutBudgetCallbackHandler` does
    it. A call that might exceed the limit is not sent: the agent ends with a message. A
    tool in which that happens returns an error to the agent. In the list of middleware put it after
    those that retry or fall back, and before those that call models themselves.
    """

    state_schema = BudgetState

    def __init__(  # noqa: PLR0913  # independent options
        self,
        limit_usd: Usd | Mapping[str, Usd],
        *,
        per: AgentPer = "run",
        on_exceeded: Literal["end", "raise", "cheaper"] = "end",
        last_message: endings.LastMessage | None = None,
        summary_model: BaseChatModel | None = None,
        summary_usd: Usd | None = None,
        tell: Literal["note", "tool"] | None = None,
        **options: Unpack[BudgetOptions],
    ) -> None:
        """Limit each `per` to `limit_usd` US dollars.

        `per` is "run" (the default; from a question to the end, interrupts and resumes included),
        "thread" (all runs with one `thread_id`), "hour", "day", "month" or "total". With
        `scope="user"` each user has a limit: `user_id` of the configuration, metadata or context.

        `on_exceeded` is "end" (the default), "raise" (`BudgetExceeded`), or "cheaper": "end" with
        `cheaper=True`. `last_message` is the
        text of the last message, or a function of the error that returns it. `summary_model`
        writes it instead, from the conversation: `summary_usd`, by default a tenth of the limit,
        is set aside for it. `tell="note"` adds what is left to the end of each request,
        `tell="tool"` gives the agent a tool `money_left`.

        Further options are those of `ScoutBudgetCallbackHandler`: `scope`, `name`, `path`, `store`,
        `answer_tokens`, `unpriced`, `wall`; and `cheaper=True`, with which a route goes on to the
        next candidate that there is money for. With `unpriced="allow"` a model without a known
        price is not limited, and counts afterwards if its answer states a cost.

        Raises: `ConfigurationError` for a value that is not listed here.
        """
        super().__init__()
        ends = _ends(on_exceeded, options)
        reserve = summary_reserve(limit_usd, summary_usd) if summary_model else None
        self._limit = AgentLimit(
            handlers=agent_handlers(limit_usd, per, reserve, options),
            per=per,
            ends=ends,
            last_message=last_message,
            summarizer=endings.summarizer(summary_model) if summary_model else None,
            set_aside_usd=0 if isinstance(limit_usd, Mapping) else float(reserve or 0),
        )
        self._set_tell(tell)

    def _set_tell(self, tell: str | None) -> None:
        if tell not in ("note", "tool", None):
            raise ConfigurationError(f"tell={tell!r} is none of note, tool")
        if tell and self._limit.handlers.main.accounts.plan.by not in {None, "user"}:
            raise ConfigurationError(f"tell={tell!r} needs one limit: without scope=, or by user")
        self._tells_note = tell == "note"
        limit = self._limit
        self.tools = [money_left_tool(limit.left, limit.aleft)] if tell == "tool" else []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._limit.handlers.main.name!r}>"

    @property
    def name(self) -> str:
        """The name in the agent's graph; of several budgets, each has its own."""
        return f"ScoutBudget_{re.sub(r'[^0-9A-Za-z]+', '_', self._limit.handlers.main.name)}"

    @property
    def balances(self) -> list[Balance]:
        """The balance of each account, by window and scope; integers of nano-dollars."""
        return [
            balance for handler in self._limit.handlers if handler for balance in handler.balances
        ]

    @property
    def spent_usd(self) -> float:
        """US dollars spent in the current window, or in all runs and threads."""
        return sum(handler.spent_usd for handler in self._limit.handlers if handler)

    @property
    def held_usd(self) -> float:
        """US dollars held for requests without a known cost yet."""
        return sum(handler.held_usd for handler in self._limit.handlers if handler)

    @override
    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Give a run its id, if it has a limit of its own."""
        return {RUN_KEY: uuid4().hex} if self._limit.per == "run" else None

    @override
    async def abefore_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Async twin of `before_agent`."""
        return self.before_agent(state, runtime)

    @override
    def wrap_model_call(self, request: ModelRequest[Any], handler: ModelCall) -> Any:
        """Make a model call within the budget, or end the agent."""
        if self._tells_note:
            left = self._limit.left(request.state, request.runtime)
            request = request.override(messages=with_note(request.messages, left))
        return self._limit.model_call(request, handler)

    @override
    async def awrap_model_call(self, request: ModelRequest[Any], handler: AsyncModelCall) -> Any:
        """Async twin of `wrap_model_call`."""
        if self._tells_note:
            left = await self._limit.aleft(request.state, request.runtime)
            request = request.override(messages=with_note(request.messages, left))
        return await self._limit.amodel_call(request, handler)

    @override
    def wrap_tool_call(self, request: ToolCallRequest, handler: ToolCall) -> ToolResult:
        """Run a tool whose model calls and sub-agents are within the budget."""
        return self._limit.tool_call(request, handler)

    @override
    async def awrap_tool_call(self, request: ToolCallRequest, handler: AsyncToolCall) -> ToolResult:
        """Async twin of `wrap_tool_call`."""
        return await self._limit.atool_call(request, handler)

    def cover(self, other: MiddlewareT) -> MiddlewareT:
        """Return a copy of another middleware whose own model calls count too.

            summaries = budget.cover(SummarizationMiddleware(cheap))
            agent = create_agent(model, tools, middleware=[budget, summaries])

        Needed for hooks before and after the agent and its model, such as those of
        `SummarizationMiddleware`, and for hooks around a model call if they come before this one.
        In the list of middleware, a copy with a hook before the agent comes after this one, which
        begins the run.
        """
        return covered(other, self._limit)


def _ends(on_exceeded: str, options: BudgetOptions) -> bool:
    """Return whether the agent ends with a message; set the option that "cheaper" stands for."""
    if on_exceeded not in ("end", "raise", "cheaper"):
        raise ConfigurationError(f"on_exceeded={on_exceeded!r} is none of end, raise, cheaper")
    if on_exceeded == "cheaper":
        options["cheaper"] = True
    return on_exceeded != "raise"
