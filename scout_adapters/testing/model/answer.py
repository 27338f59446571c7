"""Rules for answers: the same request always gets the same answer.

They are those that LangChain's standard suite needs: forced and named tools are called, arguments
come from the prompt or fit the schema, a response schema is filled, everything else is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

from scout_adapters.testing.model.chat_request import ReceivedRequest, ReceivedTool, count_tokens
from scout_adapters.testing.model.schema_filler import SchemaFiller, places, takes_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json

Finish = Literal["stop", "tools", "length", "stop_sequence"]

_QUOTED_LENGTH = 200
"""Characters of the prompt that an answer quotes."""

_COMMON = frozenset({"tool", "tools", "function", "lookup", "value", "input", "about", "please"})
_TEXT_BEFORE_CALL = re.compile(r"\b(?:aloud|first say|say first)\b", re.IGNORECASE)
_LONG_ANSWER = re.compile(r"\b(story|essay|haikus?|poem|article|long)\b", re.IGNORECASE)
_WANTS_JSON = re.compile(r"\b(?:return|respond|answer|reply)\b[^.]*\bjson\b", re.IGNORECASE)
_KEYS = re.compile(r"'(\w+)'|\"(\w+)\"|`(\w+)`")
_LONG_TEXT = (
    " Once upon a time a small program was asked to be a very large one. It had read no books,"
    " so it counted its words, kept its promises and ended each sentence where it should."
    " Nobody was fooled, and everybody's tests were green."
)


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One call of a tool; `arguments` is JSON text, broken where the answer was cut."""

    name: str
    arguments: str

    @property
    def args(self) -> Json:
        """The arguments as an object, empty where the text is broken."""
        try:
            return orjson.loads(self.arguments)  # type: ignore[no-any-return]  # always an object
        except orjson.JSONDecodeError:
            return {}


class AnswerUsage(NamedTuple):
    """Tokens that an answer reports and bills, instead of those that its texts have."""

    input: int
    output: int
    reasoning: int = 0
    """Part of `output`."""

    cached: int = 0
    """Part of `input`: read from the prompt cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the model."""

    text: str = ""
    pieces: tuple[str, ...] = ()
    """The pieces in which `text` is streamed; words if there are none."""

    reasoning: str = ""
    calls: tuple[AnsweredCall, ...] = ()
    finish: Finish = "stop"
    stopped_by: str | None = None
    """The stop sequence that ended the text."""

    usage: AnswerUsage | None = None

    @property
    def text_pieces(self) -> list[str]:
        """The pieces in which the text is streamed."""
        return list(self.pieces) or pieces(self.text)

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of the reasoning."""
        if self.usage:
            return self.usage.reasoning
        return count_tokens(self.reasoning) if self.reasoning else 0

    @property
    def output_tokens(self) -> int:
        """All tokens, reasoning included."""
        if self.usage:
            return self.usage.output
        text = count_tokens(self.text) if self.text else 0
        calls = sum(count_tokens(call.name + call.arguments) for call in self.calls)
        return max(1, self.reasoning_tokens + text + calls)


def answer_for(request: ReceivedRequest, name: str) -> Answer:
    """Return the answer to a request; `name` is the name that its text states."""
    calls = tuple(_calls(request))
    text = _text_before_call(request, calls) if calls else _text(request, name)
    answer = Answer(text=text, calls=calls, finish="tools" if calls else "stop")
    if request.thinks:
        answer = replace(answer, reasoning=_reason(request, calls))
    return _cut(_stop(answer, request.stop), request.max_tokens)


def pieces(text: str) -> list[str]:
    """Split a text into words with the spaces after them, as answers are streamed."""
    return re.findall(r"\S+\s*|\s+", text)


def _calls(request: ReceivedRequest) -> Iterator[AnsweredCall]:
    for tool in _chosen(request):
        arguments = _arguments(tool.name, request.prompt)
        cities: list[str | None] = [None]
        if request.parallel and not arguments and takes_place(tool.schema):
            cities = list(places(request.prompt)) or cities
        for place in cities:
            filler = SchemaFiller(request.prompt, arguments, place, tool.schema)
            args = filler.fill({"type": "object", **tool.schema})
            yield AnsweredCall(tool.name, orjson.dumps(args).decode())


def _chosen(request: ReceivedRequest) -> list[ReceivedTool]:
    """Return the tools to call: the forced one, the named ones, or one that fits the prompt."""
    if request.choice == "none" or not request.tools:
        return []
    if request.choice.startswith("="):
        return [tool for tool in request.tools if tool.name == request.choice[1:]][:1]
    named = [tool for tool in request.tools if _is_named(tool.name, request.prompt)]
    if not request.parallel:
        named = named[:1]
    if request.choice == "any":
        unused = [tool for tool in request.tools if tool.name not in request.called]
        named = [tool for tool in named if tool in unused]
        return named or _fitting(unused, request) or (unused or list(request.tools))[:1]
    if request.results is not None:
        return []
    return named or _fitting(list(request.tools), request)


def _fitting(tools: list[ReceivedTool], request: ReceivedRequest) -> list[ReceivedTool]:
    """Return the first tool that shares a word with the prompt, such as `weather`."""
    words = set(re.findall(r"[a-z]{5,}", request.prompt.lower())) - _COMMON
    return [tool for tool in tools if words & set(re.split(r"[^a-z]+", tool.name.lower()))][:1]


def _is_named(name: str, prompt: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", prompt) is not None


def _arguments(name: str, prompt: str) -> list[str]:
    match = re.search(rf"(?<!\w){re.escape(name)}\(([^)]+)\)", prompt)
    return match.group(1).split(",") if match else []


def _text_before_call(request: ReceivedRequest, calls: tuple[AnsweredCall, ...]) -> str:
    """Return the text before a call, for prompts with `think aloud` or `first say why`."""
    return f"I will call {calls[0].name}." if _TEXT_BEFORE_CALL.search(request.prompt) else ""


def _text(request: ReceivedRequest, name: str) -> str:
    if request.schema is not None:
        filled: Any = SchemaFiller(request.prompt, (), None, request.schema).fill(request.schema)
        return orjson.dumps(filled).decode()
    if request.json_mode or (request.results is None and _WANTS_JSON.search(request.prompt)):
        return orjson.dumps(_object(request.prompt)).decode()
    if request.results is not None:
        return f"The tools have answered: {_quoted(request.results)}"
    quote = f" You asked: {_quoted(request.prompt)}" if request.prompt.strip() else ""
    more = _LONG_TEXT if _LONG_ANSWER.search(request.prompt) else ""
    return f"This is the emulator speaking for {name}.{quote}{more}"


def _object(prompt: str) -> Json:
    """Return an object with the keys that are quoted in a prompt."""
    names = ["".join(groups) for groups in _KEYS.findall(prompt)] or ["answer"]
    filler = SchemaFiller("")
    return {name: filler.fill({"type": "string"}, name, 1) for name in dict.fromkeys(names)}


def _reason(request: ReceivedRequest, calls: tuple[AnsweredCall, ...]) -> str:
    plan = f"I will call {calls[0].name}." if calls else "I will answer in a sentence or two."
    return f"The user says: {_quoted(request.prompt)} {plan}"


def _quoted(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _QUOTED_LENGTH else folded[: _QUOTED_LENGTH - 1] + "…"


def _stop(answer: Answer, sequences: tuple[str, ...]) -> Answer:
    """Cut the text before the first stop sequence."""
    matches = [(answer.text.find(stop), stop) for stop in sequences if stop and stop in answer.text]
    if not matches:
        return answer
    at, sequence = min(matches)
    return replace(answer, text=answer.text[:at], finish="stop_sequence", stopped_by=sequence)


def _cut(answer: Answer, limit: int | None) -> Answer:
    """Cut the answer to `limit` tokens: reasoning first, then text or calls."""
    if limit is None or answer.output_tokens <= limit:
        return answer
    left = max(0, limit) * 4
    reasoning = answer.reasoning[:left]
    left = max(0, left - len(reasoning) - 3) if reasoning else left
    text = answer.text[:left]
    left = max(0, left - len(text) - 3) if text else left
    calls = []
    for call in answer.calls:
        room = left - len(call.name)
        if room > 0:
            calls.append(AnsweredCall(call.name, call.arguments[:room]))
        left = max(0, room - len(call.arguments) - 3)
    return Answer(text=text, reasoning=reasoning, calls=tuple(calls), finish="length")
