"""One answer of a script, before it is written in the form of an API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel

from scout_adapters.testing.model.answer import Answer, AnsweredCall, AnswerUsage

if TYPE_CHECKING:
    from scout_adapters.testing.faults.refusals import Fault
    from scout_adapters.testing.model.chat_request import ReceivedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """What a request receives: texts, calls of tools, an object, a fault."""

    text: str = ""
    pieces: tuple[str, ...] = ()
    """The pieces in which `text` is streamed; words if there are none."""

    reasoning: str = ""
    calls: tuple[AnsweredCall, ...] = ()
    parsed: Any = None
    """The object of a structured output: a pydantic object or JSON; None for none."""

    usage: AnswerUsage | None = None
    fault: Fault | None = None
    """Played instead of the answer, or with it, as each fault does."""

    is_own: bool = False
    """Whether the emulator makes the answer by its own rules."""

    after_tools: bool = False
    """Whether the request must contain results of tools."""

    @property
    def is_empty(self) -> bool:
        """Whether no verb has given it content."""
        content = (self.text, self.reasoning, self.calls, self.fault, self.is_own)
        return not any(content) and self.parsed is None

    def answer_to(self, request: ReceivedRequest) -> Answer | None:
        """Return the answer to a request; None for the emulator's own."""
        if self.is_own:
            return None
        text, calls = self.text, self.calls
        if self.parsed is not None:
            call = _parsed_call(self.parsed, request)
            text, calls = (text, (*calls, call)) if call else (_json(self.parsed), calls)
        return Answer(
            text=text,
            pieces=self.pieces,
            reasoning=self.reasoning,
            calls=calls,
            finish="tools" if calls else "stop",
            usage=self.usage,
        )

    def __str__(self) -> str:
        return ".".join(self._verbs()) or "no answer"

    def _verbs(self) -> list[str]:
        """Return the verbs that make this answer, shortened."""
        verbs = [f"thinks({_short(self.reasoning)})"] if self.reasoning else []
        if self.text:
            verbs.append(f"says({_short(self.text)})")
        verbs += [f"calls({call.name!r}, {call.arguments})" for call in self.calls]
        if self.parsed is not None:
            verbs.append(f"parses({_short(self.parsed)})")
        if self.is_own:
            verbs.append("answers()")
        return [*verbs, *([f"fails({self.fault})"] if self.fault else [])]


def _parsed_call(parsed: Any, request: ReceivedRequest) -> AnsweredCall | None:
    """Return the call by which a request for structured output by a tool is answered."""
    if request.schema is not None or request.json_mode:
        return None
    names = [tool.name for tool in request.tools]
    forced = request.choice.removeprefix("=") if request.choice.startswith("=") else ""
    name = type(parsed).__name__ if type(parsed).__name__ in names else forced
    if not name and request.choice == "any" and len(names) == 1:
        name = names[0]
    return AnsweredCall(name, _json(parsed)) if name else None


def _json(parsed: Any) -> str:
    if isinstance(parsed, BaseModel):
        return parsed.model_dump_json(by_alias=True)
    return orjson.dumps(parsed).decode()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004  # a line of an error
