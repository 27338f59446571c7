"""What is left of an agent's budget, as a note to its model or as a tool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool, StructuredTool

from scout_adapters._internal.dollar_text import short_dollar_text
from scout_adapters.budget import Balance
from scout_adapters.budget.accounts import dollars

DESCRIPTION = "Return how much of the money for this task is left, in US dollars. Costs nothing."


def left_text(balance: Balance | None, per: str) -> str:
    """Return what is left as one sentence; None is a user without a limit."""
    if balance is None:
        return "No limit applies."
    left, limit = (float(dollars(amount)) for amount in (balance.left, balance.account.limit))
    return f"{short_dollar_text(left)} of {short_dollar_text(limit)} {per} is left."


def with_note(messages: Sequence[BaseMessage], text: str) -> list[Any]:
    """Return messages whose last one ends with a note; those before stay as they are.

    So the provider's prompt cache covers all of them but the last. The note is not kept. A message
    of the model itself, which it is to continue, gets none.
    """
    if not messages or isinstance(messages[-1], AIMessage):
        return [*messages]
    *before, last = messages
    note = f"[Note about the budget, not by the user: {text}]"
    if isinstance(last.content, str):
        content: Any = f"{last.content}\n\n{note}" if last.content else note
    else:
        content = [*last.content, {"type": "text", "text": note}]
    return [*before, last.model_copy(update={"content": content})]


def money_left_tool(
    left: Callable[[Any, Any], str], aleft: Callable[[Any, Any], Awaitable[str]]
) -> BaseTool:
    """Return the tool `money_left`; `left` and its async twin take a state and a runtime."""

    def money_left(runtime: ToolRuntime) -> str:
        return left(runtime.state, runtime)

    async def amoney_left(runtime: ToolRuntime) -> str:
        return await aleft(runtime.state, runtime)

    return StructuredTool.from_function(
        money_left, amoney_left, name="money_left", description=DESCRIPTION
    )
