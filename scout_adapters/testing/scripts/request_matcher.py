"""Which requests a rule of a script answers, and what differs in those that it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scout_adapters.testing.model.chat_request import ReceivedRequest

Matches = Callable[[ReceivedRequest], bool]

SHOWN_CHARACTERS = 120
"""Characters of a prompt in messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMatcher:
    """The conditions of a rule; None and "" set none."""

    provider: str | None = None
    model: str | None = None
    """The model's whole name, as the request contains it."""

    contains: str = ""
    """A text in the last user message or in results of tools after it."""

    matches: Matches | None = None
    tool_result: bool | None = None
    """Whether the request ends with results of tools."""

    def differences(self, provider: str | None, request: ReceivedRequest) -> Iterator[str]:
        """Yield why a request is not answered, one line each; nothing if it is."""
        if provider is not None and self.provider not in {None, provider}:
            yield f"provider: the request is for {provider!r}"
        if self.model not in {None, request.model}:
            yield f"model: the request is for {request.model!r}"
        if self.contains not in f"{request.prompt}\n{request.results or ''}":
            yield f"contains: {self.contains!r} is not in {shown(request.prompt)}"
        if self.tool_result not in {None, request.results is not None}:
            has = "no result" if request.results is None else "the result"
            yield f"tool_result: the request ends with {has} of a tool"
        if self.matches is not None and not self.matches(request):
            yield f"matches: {_name(self.matches)} is false"

    def __str__(self) -> str:
        """Return the call that makes this matcher."""
        parts = [] if self.provider is None else [repr(self.provider)]
        parts += [f"model={self.model!r}"] if self.model is not None else []
        parts += [f"contains={self.contains!r}"] if self.contains else []
        parts += [f"matches={_name(self.matches)}"] if self.matches is not None else []
        parts += [f"tool_result={self.tool_result}"] if self.tool_result is not None else []
        return f"on({', '.join(parts)})"


def _name(matches: Matches) -> str:
    return str(getattr(matches, "__name__", matches))


def shown(text: str) -> str:
    """Return a text in quotes, on one line, shortened."""
    folded = " ".join(text.split())
    if len(folded) > SHOWN_CHARACTERS:
        folded = f"{folded[: SHOWN_CHARACTERS - 1]}…"
    return repr(folded)
