"""Decides what the emulator answers: always the same to the same question.

The rules are those that LangChain's standard suite needs: a forced tool is called, a named tool is
called, arguments come from the prompt or fit the schema, a schema is filled, the rest is talk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import orjson

from scout_adapters.testing.model.chat_request import ReceivedRequest, ReceivedTool, count_tokens
from scout_adapters.testing.model.schema_filler import SchemaFiller, places, takes_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json

Finish = Literal["stop", "tools", "length", "stop_sequence"]

_SHOWN = 200
_COMMON = frozenset({"tool", "tools", "function", "lookup", "value", "input", "about", "please"})
_ALOUD = re.compile(r"\b(?:aloud|first say|say first)\b", re.IGNORECASE)
_LONG = re.compile(r"\b(story|essay|haikus?|poem|article|long)\b", re.IGNORECASE)
_WANTS_JSON = re.compile(r"\b(?:return|respond|answer|reply)\b[^.]*\bjson\b", re.IGNORECASE)
_KEYS = re.compile(r"'(\w+)'|\"(\w+)\"|`(\w+)`")
_TALE = (
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
            return orjson.loads(self.arguments)  # type: ignore[no-any-return]  # we wrote an object
        except orjson.JSONDecodeError:
            return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[AnsweredCall, ...] = ()
    finish: Finish = "stop"
    stopped_by: str | None = None
    """The stop sequence that ended the text."""

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of the reasoning alone."""
        return count_tokens(self.reasoning) if self.reasoning else 0

    @property
    def output_tokens(self) -> int:
        """All tokens, reasoning included."""
        text = count_tokens(self.text) if self.text else 0
        calls = sum(count_tokens(call.name + call.arguments) for call in self.calls)
        return max(1, self.reasoning_tokens + text + calls)


def answer_for(asked: ReceivedRequest, speaker: str) -> Answer:
    """Answer a request; `speaker` is the name under which the emulator introduces itself."""
    calls = tuple(_calls(asked))
    text = _announce(asked, calls) if calls else _say(asked, speaker)
    answer = Answer(text=text, calls=calls, finish="tools" if calls else "stop")
    if asked.thinks:
        answer = replace(answer, reasoning=_reason(asked, calls))
    return _cut(_stop(answer, asked.stop), asked.max_tokens)


def pieces(text: str) -> list[str]:
    """Split a text into words with the spaces after them, the way answers are streamed."""
    return re.findall(r"\S+\s*|\s+", text)


def _calls(asked: ReceivedRequest) -> Iterator[AnsweredCall]:
    for tool in _chosen(asked):
        said = _brackets(tool.name, asked.prompt)
        spots: list[str | None] = [None]
        if asked.parallel and not said and takes_place(tool.schema):
            spots = list(places(asked.prompt)) or spots
        for place in spots:
            filler = SchemaFiller(asked.prompt, said, place, tool.schema)
            args = filler.fill({"type": "object", **tool.schema})
            yield AnsweredCall(tool.name, orjson.dumps(args).decode())


def _chosen(asked: ReceivedRequest) -> list[ReceivedTool]:
    """Choose the tools to call: the forced one, those that are named, or what suits the prompt."""
    if asked.choice == "none" or not asked.tools:
        return []
    if asked.choice.startswith("="):
        return [tool for tool in asked.tools if tool.name == asked.choice[1:]][:1]
    named = [tool for tool in asked.tools if _names(tool.name, asked.prompt)]
    if not asked.parallel:
        named = named[:1]
    if asked.choice == "any":
        unused = [tool for tool in asked.tools if tool.name not in asked.called]
        named = [tool for tool in named if tool in unused]
        return named or _suiting(unused, asked) or (unused or list(asked.tools))[:1]
    if asked.results is not None:
        return []
    return named or _suiting(list(asked.tools), asked)


def _suiting(tools: list[ReceivedTool], asked: ReceivedRequest) -> list[ReceivedTool]:
    """Find the first tool that shares a telling word with the prompt, such as `weather`."""
    said = set(re.findall(r"[a-z]{5,}", asked.prompt.lower())) - _COMMON
    return [tool for tool in tools if said & set(re.split(r"[^a-z]+", tool.name.lower()))][:1]


def _names(name: str, prompt: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", prompt) is not None


def _brackets(name: str, prompt: str) -> list[str]:
    match = re.search(rf"(?<!\w){re.escape(name)}\(([^)]+)\)", prompt)
    return match.group(1).split(",") if match else []


def _announce(asked: ReceivedRequest, calls: tuple[AnsweredCall, ...]) -> str:
    """Speak before a call, where the prompt asks for it: `think aloud`, `first say why`."""
    return f"I will call {calls[0].name}." if _ALOUD.search(asked.prompt) else ""


def _say(asked: ReceivedRequest, speaker: str) -> str:
    if asked.schema is not None:
        filled: Any = SchemaFiller(asked.prompt, (), None, asked.schema).fill(asked.schema)
        return orjson.dumps(filled).decode()
    if asked.json_mode or (asked.results is None and _WANTS_JSON.search(asked.prompt)):
        return orjson.dumps(_object(asked.prompt)).decode()
    if asked.results is not None:
        return f"The tools have answered: {_shown(asked.results)}"
    told = f" You asked: {_shown(asked.prompt)}" if asked.prompt.strip() else ""
    tale = _TALE if _LONG.search(asked.prompt) else ""
    return f"This is the emulator speaking for {speaker}.{told}{tale}"


def _object(prompt: str) -> Json:
    """Make the object that a prompt describes by its quoted keys."""
    names = ["".join(found) for found in _KEYS.findall(prompt)] or ["answer"]
    filler = SchemaFiller("")
    return {name: filler.fill({"type": "string"}, name, 1) for name in dict.fromkeys(names)}


def _reason(asked: ReceivedRequest, calls: tuple[AnsweredCall, ...]) -> str:
    plan = f"I will call {calls[0].name}." if calls else "I will answer in a sentence or two."
    return f"The user says: {_shown(asked.prompt)} {plan}"


def _shown(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _SHOWN else folded[: _SHOWN - 1] + "…"


def _stop(answer: Answer, sequences: tuple[str, ...]) -> Answer:
    """Cut the text in front of the first stop sequence."""
    found = [(answer.text.find(one), one) for one in sequences if one and one in answer.text]
    if not found:
        return answer
    at, sequence = min(found)
    return replace(answer, text=answer.text[:at], finish="stop_sequence", stopped_by=sequence)


def _cut(answer: Answer, limit: int | None) -> Answer:
    """Keep the tokens that the request allows: reasoning first, then text or calls."""
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
