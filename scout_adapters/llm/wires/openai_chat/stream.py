"""Reading a streamed Chat Completions answer, event by event.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessageChunk, ToolCallChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.chunks import chunk_of
from scout_adapters.llm.wires.openai_chat.accumulated import Accumulated
from scout_adapters.llm.wires.openai_chat.parse_fields import (
    BODY_LISTS,
    content_of,
    first_metadata,
    last_metadata,
    message_id,
    raise_if_choice_failed,
    raise_if_refused,
    reasoning_of,
    text_field,
)
from scout_adapters.llm.wires.openai_chat.tool_calls import CallFragments
from scout_adapters.llm.wires.openai_chat.usage import usage_of

# Fields of an event that are said of the whole answer. Of the first two the first word counts,
# because the first chunk shows it; of the others the last.
_FIRST_WORD = ("model", "id")
_LAST_WORD = frozenset({"system_fingerprint", "service_tier", "provider", "cost", *BODY_LISTS})

_EVERYDAY = frozenset({"role", "content", "reasoning", "reasoning_content", "tool_calls"})


class ChatStreamReader:
    """Reads one stream, as `StreamReader` says."""

    def __init__(self, spec: ProviderSpec) -> None:
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._usage: Json = {}
        self._maker = spec.maker
        self._about: Json = {}
        self._shown: Json = {}
        self._id: str | None = None
        self._choice: Any = None
        self._finish_reason = ""
        self._calls = CallFragments()
        self._kept = Accumulated()

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event; raises `ProviderRefusal`, even after the end, and `MalformedResponse`."""
        if event is None:
            self.finished = True
            return None
        if not isinstance(event, dict):
            raise malformed(f"expected an event to be an object, found {type(event).__name__}")
        raise_if_refused(event)
        self._note(event)
        choice = self._our_choice(event)
        if choice is None:
            return None
        raise_if_choice_failed(choice)
        self._note_end(choice)
        return self._read(choice.get("delta"))

    def close(self) -> AIMessageChunk:
        """Make the last chunk, with all that is known, or whole, only at the end."""
        begun = first_metadata(self._about, self._maker)
        unsaid = {name: v for name, v in begun.items() if name not in self._shown}
        logprobs = self._kept.logprobs
        ended = last_metadata(self._about, self._usage, self._finish_reason, logprobs)
        lists = {name: self._about[name] for name in BODY_LISTS if name in self._about}
        return AIMessageChunk(
            content="",
            additional_kwargs=self._kept.kwargs() | lists,
            usage_metadata=self.usage,
            response_metadata={**unsaid, "model_provider": self._maker, **ended},
            chunk_position="last",
            id=message_id(self._about.get("id")),
        )

    def _note(self, event: Json) -> None:
        about = self._about
        for name in _FIRST_WORD:
            if name not in about and (value := event.get(name)):
                about[name] = value
        for name, value in event.items():
            if value and name in _LAST_WORD:
                about[name] = value
        if usage := event.get("usage"):
            self._count(usage)
        elif "x_groq" in event:  # in some streams the only place
            self._count(mapping(event["x_groq"]).get("usage"))

    def _count(self, usage: Any) -> None:
        # Some count on every event, and not all of these counts are counts: the last good one is.
        if counted := usage_of(mapping(usage)):
            self.usage, self._usage = counted, usage

    def _our_choice(self, event: Json) -> Json | None:
        choices = event.get("choices")
        if not choices and (isinstance(choices, list) or event.get("usage")):
            return None
        if not isinstance(choices, list):
            raise malformed(f"expected 'choices' to be a list, found {type(choices).__name__}")
        for choice in choices:
            if not isinstance(choice, dict):
                raise malformed(f"expected a choice to be an object, found {type(choice).__name__}")
            place = choice.get("index") or 0
            if self._choice is None:
                self._choice = place
            if place == self._choice:
                return choice
        return None

    def _note_end(self, choice: Json) -> None:
        if reason := text_field(choice, "finish_reason"):
            self.finished = True
            self._finish_reason = self._finish_reason or reason
        if (logprobs := choice.get("logprobs")) is not None:
            self._kept.read_logprobs(logprobs)
        if usage := choice.get("usage"):  # Moonshot
            self._count(usage)

    def _read(self, delta: Any) -> AIMessageChunk | None:
        if delta is None:  # Azure sends such events with the verdicts of its filter
            return None
        if not isinstance(delta, dict):
            raise malformed(f"expected 'delta' to be an object, found {type(delta).__name__}")
        text, thoughts = self._texts(delta.get("content"))
        extra: Json = {}
        if thoughts := thoughts or reasoning_of(delta):
            extra["reasoning_content"] = thoughts
        if not delta.keys() <= _EVERYDAY:
            self._kept.read(delta)
            if refusal := text_field(delta, "refusal"):
                extra["refusal"] = refusal
        raw_calls = delta.get("tool_calls")
        calls = self._calls.read(raw_calls) if raw_calls else []
        return self._chunk(text, extra, calls) if text or extra or calls else None

    def _texts(self, content: Any) -> tuple[str, str]:
        if isinstance(content, str):
            return content, ""
        text, thoughts, others = content_of(content)
        if others:
            self._kept.extend("content_chunks", others)
        return text, thoughts

    def _chunk(self, text: str, extra: Json, calls: list[ToolCallChunk]) -> AIMessageChunk:
        metadata: Json = {"model_provider": self._maker}
        if not self._shown:
            metadata = self._shown = first_metadata(self._about, self._maker)
            self._id = message_id(self._about.get("id"))
        return chunk_of(text, metadata, self._id, kwargs=extra, calls=calls)
