"""How an agent ends whose budget is used up: its last message, or a summary by a cheap model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    get_buffer_string,
)
from langchain_core.runnables import Runnable

from scout_adapters._internal.dollar_text import short_dollar_text
from scout_adapters.budget.plan import LONGEST_HELD
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.errors import BudgetExceeded

MARK = "scout_budget"
"""The key of `response_metadata` in the last message of an agent that a budget has ended."""

SUMMARY_TOKENS = 400
"""Tokens: the longest summary, if the model has no `max_tokens` of its own."""

SUMMARY_PROMPT = (
    "The agent whose work follows has used up its budget and stops here. Write its last message"
    " to the user, in the user's language and at most 150 words: that the budget is used up, what"
    " it has found so far, and what is left to do. Do not invent results."
)
MAX_TRANSCRIPT = 200_000
"""Characters of a conversation that is summed up; its middle is left out beyond them."""

MIN_TRANSCRIPT = 200
"""Characters; a conversation is not summed up if fewer can be paid for."""

LastMessage = str | Callable[[BudgetExceeded], str]


def reason(error: BudgetExceeded, which: str, set_aside_usd: float = 0) -> str:
    """Return why an agent stops, in one or two sentences for its user.

    `which` budget is meant: "for this run". `set_aside_usd` is its part for a summary.
    """
    spent = short_dollar_text(error.spent_usd)
    limit = short_dollar_text(error.limit_usd + set_aside_usd)
    asked = short_dollar_text(error.asked_usd or 0)
    aside = (
        f", {short_dollar_text(set_aside_usd)} is set aside for a summary" if set_aside_usd else ""
    )
    held = f" ({short_dollar_text(error.held_usd)} is held)" if error.held_usd else ""
    opens = f" It opens again at {error.opens_at:%Y-%m-%d %H:%M} UTC." if error.opens_at else ""
    remark = ""
    if not (error.limits_answer or error.assumes_answer):
        remark = f" ({LONGEST_HELD})"
    return (
        f"the budget of {limit} {which} does not allow the next call: {error.model or 'it'} may"
        f" cost {asked}{remark}, {spent} is spent{held}{aside}.{_tried_before(error)}{opens}"
    )


def attempts_before(error: BudgetExceeded) -> list[dict[str, str]]:
    """Return provider, model and outcome of each attempt that the refused call has made before."""
    names = ("provider", "model", "outcome")
    return [{name: str(attempt[name]) for name in names} for attempt in error.attempts]


def _tried_before(error: BudgetExceeded) -> str:
    """Return the models that the call has tried before, each with its last outcome."""
    outcomes = {f"{of['provider']}/{of['model']}": of["outcome"] for of in attempts_before(error)}
    texts = [f"{model} ({outcome})" for model, outcome in outcomes.items()]
    return f" Tried before: {', '.join(texts)}." if texts else ""


def marked(message: AIMessage, error: BudgetExceeded) -> AIMessage:
    """Return an agent's last message with the refused call and the budget, in US dollars."""
    names = ("budget", "spent_usd", "held_usd", "limit_usd", "asked_usd", "opens_at", "model")
    amounts = {name: getattr(error, name) for name in names}
    amounts["max_tokens_set"] = error.limits_answer
    amounts["attempts"] = attempts_before(error)
    if error.opens_at is not None:
        amounts["opens_at"] = error.opens_at.isoformat()
    metadata = {"finish_reason": "budget", **message.response_metadata, MARK: amounts}
    return message.model_copy(update={"response_metadata": metadata})


def unfinished_tool(why: str, call: Any) -> ToolMessage:
    """Return the result of a tool whose model calls the budget refuses."""
    return ToolMessage(
        f"Not finished: {why}",
        tool_call_id=call["id"],
        name=call["name"],
        status="error",
    )


def summarizer(model: BaseChatModel) -> Runnable[Any, AIMessage]:
    """Return a model with a limited answer; one of another package keeps its own limit."""
    if isinstance(model, ScoutChatModel) and getattr(model, "max_tokens", None) is None:
        return model.bind(max_tokens=SUMMARY_TOKENS)
    return model


def summary_prompts(messages: Sequence[BaseMessage]) -> Iterator[list[BaseMessage]]:
    """Yield requests for a summary, each with half as much of the conversation as the last one.

    The budget refuses those that it cannot pay for; the first quarter of what is left is the
    beginning of the conversation, the rest is its end.
    """
    transcript = get_buffer_string(messages)
    size = min(len(transcript), MAX_TRANSCRIPT)
    while True:
        text = transcript
        if size < len(transcript):
            text = f"{transcript[: size // 4]}\n[...]\n{transcript[-(size - size // 4) :]}"
        yield [SystemMessage(SUMMARY_PROMPT), HumanMessage(text)]
        size //= 2
        if size < MIN_TRANSCRIPT:
            return
