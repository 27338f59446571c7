"""Read requests of Gemini's generateContent; write answers whole, as events, as a JSON array.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.http_messages import BodyPart, Json, TokensSpent, dumps
from scout_adapters.testing.ids import Ids, sign
from scout_adapters.testing.model.answer import Answer
from scout_adapters.testing.model.chat_request import (
    ReceivedRequest,
    ReceivedTool,
    ReceivedTurn,
    mapping,
    objects,
    received_text,
    strings,
    token_weights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REASONERS = ("reason", "-r1", "thinking")
_MODALITIES = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO", "file": "DOCUMENT"}
_WORDS = 6
"""Words in one event of a stream."""


def either(holder: Any, name: str) -> Any:
    """Return a field that may be in camel or in snake case, None if it is absent."""
    fields = mapping(holder)
    if name in fields:
        return fields[name]
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return fields.get(snake)


def read(body: Json, model: str, *, stream: bool) -> ReceivedRequest:
    """Read a request body; `model` and `stream` come from the path."""
    config = mapping(either(body, "generationConfig"))
    system = either(body, "systemInstruction")
    turns = [turn for content in contents(body) for turn in _turns(content)]
    if system:
        turns.insert(0, ReceivedTurn("system", _text(parts_of(system))))
    schema = either(config, "responseJsonSchema") or either(config, "responseSchema")
    limit = either(config, "maxOutputTokens")
    names, choice = _choice(body)
    tools = tuple(tool for tool in declared(body) if not names or tool.name in names)
    return ReceivedRequest(
        model=model,
        stream=stream,
        tools=tools,
        choice=choice,
        schema=schema if isinstance(schema, dict) else None,
        json_mode=either(config, "responseMimeType") == "application/json",
        stop=strings(either(config, "stopSequences")),
        max_tokens=limit if isinstance(limit, int) else None,
        thinks=_thinks(config, model),
        **received_text(turns),
        **token_weights(turns, body.get("tools")),
    )


def contents(body: Json) -> list[Json]:
    """Return the messages."""
    return objects(body.get("contents"))


def parts_of(content: Any) -> list[Json]:
    """Return the parts of a message."""
    return objects(mapping(content).get("parts"))


def _text(parts: list[Json]) -> str:
    return "".join(str(part.get("text", "")) for part in parts)


def _turns(content: Json) -> Iterator[ReceivedTurn]:
    parts = parts_of(content)
    for part in parts:
        answer = mapping(either(part, "functionResponse")).get("response")
        if answer is not None:
            yield ReceivedTurn("tool", _result(answer))
    calls = tuple(
        str(mapping(either(part, "functionCall")).get("name"))
        for part in parts
        if either(part, "functionCall")
    )
    media = tuple(kind for part in parts if (kind := _media(part)))
    text, model = _text(parts), content.get("role") == "model"
    if text or calls or media:
        yield ReceivedTurn("model" if model else "user", text, calls, media)


def _result(answer: Any) -> str:
    """Return a tool's result as text: its only field, or all fields as JSON."""
    fields = list(answer.values()) if isinstance(answer, dict) else [answer]
    if len(fields) == 1 and isinstance(fields[0], str):
        return fields[0]
    return dumps(answer).decode()


def _media(part: Json) -> str | None:
    data = either(part, "inlineData") or either(part, "fileData")
    if not data:
        return None
    kind = str(either(data, "mimeType")).split("/")[0]
    return kind if kind in {"image", "audio", "video"} else "file"


def declared(body: Json) -> Iterator[ReceivedTool]:
    """Yield the functions of the request."""
    for tool in objects(body.get("tools")):
        for function in objects(either(tool, "functionDeclarations")):
            schema = either(function, "parametersJsonSchema") or function.get("parameters")
            yield ReceivedTool(str(function.get("name")), mapping(schema))


def _choice(body: Json) -> tuple[tuple[str, ...], str]:
    """Return the allowed names, () for all, and the choice of tools."""
    config = mapping(either(either(body, "toolConfig"), "functionCallingConfig"))
    names = strings(either(config, "allowedFunctionNames"))
    mode = str(config.get("mode", "AUTO")).upper()
    if mode == "ANY" and len(names) == 1:
        return names, f"={names[0]}"
    return names, {"ANY": "any", "NONE": "none"}.get(mode, "auto")


def _thinks(config: Json, model: str) -> bool:
    include = either(either(config, "thinkingConfig"), "includeThoughts")
    return include is True or any(part in model.lower() for part in _REASONERS)


def signature(name: str) -> str:
    """Return the signature of a function call, which Gemini 3 requires in the next request."""
    return sign(f"thought before {name}", b"\x0a")


@dataclass(frozen=True, slots=True)
class GeminiWriter:
    """Writes one answer."""

    ids: Ids
    model: str
    answer: Answer
    spent: TokensSpent
    media_tokens: Mapping[str, int]

    @property
    def _signs_calls(self) -> bool:
        return "gemini-3" in self.model

    def whole(self) -> Json:
        """Return the answer as one body."""
        parts = [part for part, _ in self._parts(len(self.answer.text_pieces) or 1)]
        return self._chunk(parts, self.answer.output_tokens, last=True)

    def events(self, *, sse: bool = True) -> tuple[BodyPart, ...]:
        """Return the answer as server-sent events, or as the parts of one JSON array."""
        streamed = list(self._parts(_WORDS)) or [({"text": ""}, 1)]
        parts = []
        for at, (part, tokens) in enumerate(streamed):
            last = at == len(streamed) - 1
            tokens = self.answer.output_tokens if last else tokens  # noqa: PLW2901  # the last has all
            data = dumps(self._chunk([part], tokens, last=last))
            if sse:
                parts.append(BodyPart(b"data: " + data + b"\r\n\r\n", tokens))
            else:
                frame = (b"[" if at == 0 else b",\r\n") + data + (b"\n]\n" if last else b"\n")
                parts.append(BodyPart(frame, tokens))
        return tuple(parts)

    def _parts(self, words: int) -> Iterator[tuple[Json, int]]:
        """Yield the parts of the answer, each with the output tokens up to its end."""
        before = len(self.answer.reasoning)
        if before:
            yield {"text": self.answer.reasoning, "thought": True}, (before + 3) // 4
        split = self.answer.text_pieces
        words = 1 if self.answer.pieces and words == _WORDS else words
        for start in range(0, len(split), words):
            text = "".join(split[start : start + words])
            before += len(text)
            yield {"text": text}, (before + 3) // 4
        for at, call in enumerate(self.answer.calls):
            before += len(call.name) + len(call.arguments)
            yield self._call(at, call.name, call.args), (before + 3) // 4

    def _call(self, at: int, name: str, args: Json) -> Json:
        call: Json = {"name": name, "args": args}
        if not self._signs_calls:
            return {"functionCall": call}
        call["id"] = self.ids.of(at).hex(8)
        # Gemini signs only the first of parallel calls.
        signed = {"thoughtSignature": signature(name)} if at == 0 else {}
        return {"functionCall": call, **signed}

    def _chunk(self, parts: list[Json], tokens: int, *, last: bool) -> Json:
        candidate: Json = {"content": {"parts": parts, "role": "model"}}
        if not parts:
            candidate["content"] = {"role": "model"}
        if last:
            length = self.answer.finish == "length"
            candidate["finishReason"] = "MAX_TOKENS" if length else "STOP"
            candidate |= self._grounding()
        return {
            "candidates": [candidate | {"index": 0}],
            "usageMetadata": self._usage(tokens),
            "modelVersion": self.model,
            "responseId": self.ids.hex(22),
        }

    def _grounding(self) -> Json:
        """Return what grounds the answer: the queries, of which one is empty, and the pages."""
        times = self.spent.tools.times
        if not times.keys() & {"search", "maps"}:
            return {}
        queries = [f"query {at}" for at in range(times.get("search", 0))]
        chunks: list[Json] = [{"web": {"uri": "https://news.example"}} for _ in queries]
        if times.get("maps"):
            chunks.append({"maps": {"uri": "https://maps.google.com/?cid=1", "title": "Cafe"}})
        more: Json = {"webSearchQueries": [*queries, ""]} if queries else {}
        return {"groundingMetadata": {"groundingChunks": chunks, **more}}

    def _usage(self, tokens: int) -> Json:
        thoughts = min(self.answer.reasoning_tokens, tokens)
        text = self.spent.input - sum(self.media_tokens.values())
        details = [{"modality": "TEXT", "tokenCount": text}]
        for kind, count in self.media_tokens.items():
            details.append({"modality": _MODALITIES[kind], "tokenCount": count})
        usage: Json = {"promptTokenCount": self.spent.input}
        if tokens > thoughts:
            usage["candidatesTokenCount"] = tokens - thoughts
        usage["totalTokenCount"] = self.spent.input + tokens
        usage["promptTokensDetails"] = details
        if read := self.spent.cached.read:
            usage["cachedContentTokenCount"] = read
            usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": read}]
        if thoughts:
            usage["thoughtsTokenCount"] = thoughts
        return usage


def headers(_: Ids) -> dict[str, str]:
    """Return the headers of every answer; Gemini states no limits in them."""
    return {"server-timing": "gfet4t7; dur=1"}
