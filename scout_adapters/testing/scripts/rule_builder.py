"""The verbs that give a rule its answers; each returns the builder, so that they can be chained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import orjson

from scout_adapters.testing.faults.broken_answers import CutMidStream
from scout_adapters.testing.model.answer import AnsweredCall, AnswerUsage
from scout_adapters.testing.scripts.scripted_answer import ScriptedAnswer

if TYPE_CHECKING:
    from scout_adapters.testing.faults.refusals import Fault
    from scout_adapters.testing.scripts.answer_rule import AnswerRule


class RuleBuilder:
    """One rule of a script. Verbs add to one answer; `then_...` begins the next.

    rule = emulator.on("groq", contains="weather")
    rule.thinks("I need a tool.").calls("get_weather", city="Paris").then_says("21 °C")
    """

    def __init__(self, rule: AnswerRule, replace_rule: Callable[[AnswerRule], None]) -> None:
        self._rule = rule
        self._replace_rule = replace_rule

    def says(self, text: str) -> Self:
        """Answer with a text, streamed word by word."""
        return self._add(text=text, pieces=())

    def streams(self, pieces: Iterable[str]) -> Self:
        """Answer with a text, streamed in these pieces."""
        parts = tuple(pieces)
        return self._add(text="".join(parts), pieces=parts)

    def thinks(self, reasoning: str) -> Self:
        """Put reasoning before the answer, in the form of the provider."""
        return self._add(reasoning=reasoning)

    def calls(self, tool: str, /, **arguments: Any) -> Self:
        """Call a tool; repeated, the answer has parallel calls."""
        call = AnsweredCall(tool, orjson.dumps(arguments).decode())
        return self._add(calls=(*self._last.calls, call))

    def parses(self, value: Any) -> Self:
        """Answer a request for structured output with an object: pydantic's, or JSON.

        A request that forces a tool receives it as the arguments of a call.
        """
        return self._add(parsed=value)

    def fails(self, fault: Fault) -> Self:
        """Play a fault, such as `RateLimited(2)`."""
        return self._add(fault=fault)

    def cuts_after(self, events: int) -> Self:
        """Cut the connection after so many events of the stream; a whole answer in its middle."""
        return self._add(fault=CutMidStream(after=events))

    def costs(
        self,
        usage: Mapping[str, Any] | None = None,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        reasoning_tokens: int = 0,
        cached_tokens: int = 0,
    ) -> Self:
        """Set the tokens that the answer reports: as keywords, or LangChain's `usage_metadata`."""
        if usage is None:
            counts = AnswerUsage(input_tokens, output_tokens, reasoning_tokens, cached_tokens)
        else:
            read = (usage.get("input_token_details") or {}).get("cache_read", 0)
            reasoning = (usage.get("output_token_details") or {}).get("reasoning", 0)
            counts = AnswerUsage(usage["input_tokens"], usage["output_tokens"], reasoning, read)
        return self._add(usage=counts)

    def answers(self) -> Self:
        """Let the emulator answer by its own rules."""
        return self._add(is_own=True)

    def always(self) -> Self:
        """Use the rule any number of times; it need not be used at all."""
        return self._set(replace(self._rule, always=True))

    def then_says(self, text: str) -> Self:
        """Answer the next request with a text."""
        return self._next().says(text)

    def then_streams(self, pieces: Iterable[str]) -> Self:
        """Answer the next request with a text in pieces."""
        return self._next().streams(pieces)

    def then_thinks(self, reasoning: str) -> Self:
        """Begin the answer to the next request with reasoning."""
        return self._next().thinks(reasoning)

    def then_calls(self, tool: str, /, **arguments: Any) -> Self:
        """Answer the next request with a call of a tool."""
        return self._next().calls(tool, **arguments)

    def then_parses(self, value: Any) -> Self:
        """Answer the next request with an object."""
        return self._next().parses(value)

    def then_fails(self, fault: Fault) -> Self:
        """Play a fault for the next request."""
        return self._next().fails(fault)

    @property
    def _last(self) -> ScriptedAnswer:
        return self._rule.answers[-1]

    def _add(self, **fields: Any) -> Self:
        answers = (*self._rule.answers[:-1], replace(self._last, **fields))
        return self._set(replace(self._rule, answers=answers))

    def _next(self) -> Self:
        """Begin the next answer; after calls of tools, it is for a request with their results."""
        following = ScriptedAnswer(after_tools=bool(self._last.calls))
        return self._set(replace(self._rule, answers=(*self._rule.answers, following)))

    def _set(self, rule: AnswerRule) -> Self:
        self._rule = rule
        self._replace_rule(rule)
        return self
