"""A script: rules in order, which answers are used, and the requests that no rule answers.

script = AnswerScript()
script.on("groq", contains="weather").calls("get_weather", city="Paris").then_says("21 °C")
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scout_adapters.testing.scripts.answer_rule import AnswerRule
from scout_adapters.testing.scripts.request_matcher import Matches, RequestMatcher, shown
from scout_adapters.testing.scripts.rule_builder import RuleBuilder

if TYPE_CHECKING:
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.scripts.scripted_answer import ScriptedAnswer


class UnexpectedRequest(AssertionError):
    """No rule of the script answers a request."""


class UnusedRule(AssertionError):
    """An answer of the script was never requested."""


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that a request has taken; `release` makes it free for the next one."""

    rule: int
    answer: ScriptedAnswer


class AnswerScript:
    """Rules for answers; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[AnswerRule] = []
        self._used: list[int] = []
        self._unexpected: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def on(
        self,
        provider: str | None = None,
        *,
        model: str | None = None,
        contains: str = "",
        matches: Matches | None = None,
        tool_result: bool | None = None,
    ) -> RuleBuilder:
        """Begin a rule for requests that meet all conditions; its methods give the answers."""
        matcher = RequestMatcher(
            provider=provider,
            model=model,
            contains=contains,
            matches=matches,
            tool_result=tool_result,
        )
        rule = AnswerRule(matcher=matcher, place=_place())
        with self._lock:
            self._rules.append(rule)
            self._used.append(0)
            return RuleBuilder(rule, partial(self._replace, len(self._rules) - 1))

    def _replace(self, at: int, rule: AnswerRule) -> None:
        with self._lock:
            self._rules[at] = rule

    def hold(self, provider: str | None, request: ReceivedRequest) -> HeldAnswer | str:
        """Return the answer of the first rule that fits, or a message on why none does.

        `provider` None is that of a model without one, for which rules of any provider count.
        """
        with self._lock:
            for at, (rule, used) in enumerate(zip(self._rules, self._used, strict=True)):
                answer = rule.answer_at(used, request)
                if answer and not any(rule.differences(used, provider, request)):
                    self._used[at] += 1
                    return HeldAnswer(at, answer)
            message = self._no_rule(provider, request)
            self._unexpected.append(message)
            return message

    def release(self, held: HeldAnswer) -> None:
        """Return an answer to the script: a fault took its place, and the next request gets it."""
        with self._lock:
            self._used[held.rule] -= 1

    def check(self) -> None:
        """Check that all requests were expected, and all answers requested.

        Raises:
            UnexpectedRequest: if no rule answered a request.
            UnusedRule: if an answer was not requested.
        """
        if self._unexpected:
            raise UnexpectedRequest("\n\n".join(self._unexpected))
        left = list(self._unused())
        if left:
            text = "\n".join(left)
            raise UnusedRule(f"Answers of the script that were not requested:\n{text}")

    def _unused(self) -> Iterator[str]:
        for rule, used in zip(self._rules, self._used, strict=True):
            left = len(rule.answers) - used
            if left > 0 and not rule.always:
                rest = ".then_".join(map(str, rule.answers[used:]))
                yield f"  {rule.place}: {rule.matcher}: {rest}"

    def _no_rule(self, provider: str | None, request: ReceivedRequest) -> str:
        """Return the message for a request without a rule: the nearest rule, and what differs."""
        tools = f", tools: {', '.join(tool.name for tool in request.tools)}" * bool(request.tools)
        lines = [
            "No rule of the script answers this request:",
            f"  {provider or 'any'}/{request.model}: {shown(request.prompt)}{tools}",
        ]
        if request.results is not None:
            lines.append(f"  with the result of a tool: {shown(request.results)}")
        options = [
            (list(rule.differences(used, provider, request)), rule)
            for rule, used in zip(self._rules, self._used, strict=True)
        ]
        differences, nearest = min(options, key=lambda option: len(option[0]))
        lines.append(f"Nearest rule, {nearest.place}: {nearest}")
        return "\n".join([*lines, *(f"  {difference}" for difference in differences)])


def _place() -> str:
    """Return the file and line of the first caller outside this package's testing folder."""
    here, frame = str(Path(__file__).parent.parent), sys._getframe(2)  # noqa: SLF001  # far cheaper than `inspect.stack`
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
