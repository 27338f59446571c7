"""A rule of a script: the requests that it answers, and its answers in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scout_adapters.testing.model.chat_request import ReceivedRequest
from scout_adapters.testing.scripts.request_matcher import RequestMatcher
from scout_adapters.testing.scripts.scripted_answer import ScriptedAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRule:
    """One rule; each of its answers is used once unless `always`."""

    matcher: RequestMatcher
    answers: tuple[ScriptedAnswer, ...] = (ScriptedAnswer(),)
    always: bool = False
    place: str = ""
    """File and line in which the rule is written."""

    def answer_at(self, used: int, request: ReceivedRequest) -> ScriptedAnswer | None:
        """Return the next answer after so many; None if all are used.

        A rule with `always` has no order: it selects by whether the request has results of tools.
        """
        if not self.always:
            return self.answers[used] if used < len(self.answers) else None
        has_results = request.results is not None
        suited = (answer for answer in self.answers if answer.after_tools == has_results)
        return next(suited, self.answers[-1])

    def differences(
        self, used: int, provider: str | None, request: ReceivedRequest
    ) -> Iterator[str]:
        """Yield why the rule does not answer a request, one line each; nothing if it does."""
        yield from self.matcher.differences(provider, request)
        answer = self.answer_at(used, request)
        if answer is None:
            times = "its only answer has" if used == 1 else f"all of its {used} answers have"
            yield f"{times} been used: add another rule, then_says(...) or always()"
        elif answer.is_empty:
            yield "the rule has no answer: add says(...), calls(...) or another verb"
        elif answer.after_tools and request.results is None:
            yield "its next answer is for a request that ends with results of tools"

    def __str__(self) -> str:
        verbs = ".then_".join(map(str, self.answers))
        return f"{self.matcher}.{verbs}{'.always()' * self.always}"
