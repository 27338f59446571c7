"""Parse a streamed Chat Completions answer, event by event.

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
    CALL_EXTRAS,
    FILTER_RESULTS,
    HOSTED_CALLS,
    PROMPT_FILTER,
    content_of,
    filter_results,
    first_metadata,
    last_metadata,
    message_id,
    raise_if_call_failed,
    raise_if_choice_failed,
    raise_if_refused,
    reasoning_of,
    text_field,
    tool_counts,
    with_upstream,
)
from scout_adapters.llm.wires.openai_chat.tool_calls import CUT_REASONS, CallFragments, split_hosted
from scout_adapters.llm.wires.openai_chat.usage import usage_of
from scout_adapters.llm.wires.parsing import newer_usage

_FIRST_VALUE = ("model", "id")
"""Fields of the whole answer whose first value counts, because the first chunk has it."""

_LAST_VALUE = frozenset(
    {"system_fingerprint", "service_tier", "provider", "cost", "usage_breakdown", *BODY_LISTS}
    | {PROMPT_FILTER}
)
"""Fields of the whole answer whose last value counts."""

_COMMON_FIELDS = frozenset({"role", "content", "reasoning", "reasoning_content", "tool_calls"})
"""Fields of a delta that need no merging; most deltas have no others."""


class ChatStreamReader:
    """Reads one streamed answer, as a `StreamReader`."""

    def __init__(self, spec: ProviderSpec) -> None:
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._usage: Json = {}
        self._maker = spec.maker
        self._answer: Json = {}
        self._sent_metadata: Json = {}
        self._id: str | None = None
        self._choice: Any = None
        self._finish_reason = ""
        self._filter: Json = {}
        self._has_answer = False
        self._whole: Json = {}
        self._calls = CallFragments()
        self._accumulated = Accumulated()

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event, also after the terminal one, where some providers send an error."""
        if event is None:
            # Without a finish reason, `[DONE]` ends an answer only if there is one.
            self.finished = self.finished or self._has_begun or self._accumulated.has_values
            return None
        if not isinstance(event, dict):
            raise malformed(f"expected an event to be an object, found {type(event).__name__}")
        raise_if_refused(event)
        self._read_answer_fields(event)
        choice = self._first_choice(event)
        if choice is None:
            return None
        raise_if_choice_failed(choice, event)
        self._read_choice_fields(choice)
        delta = self._delta(choice)
        chunk = None if delta is None else self._read_delta(delta)
        if chunk is not None:
            self._has_answer = True
        elif self._finish_reason and not self._has_answer:
            raise_if_call_failed(self._finish_reason, event)
        return chunk

    def _delta(self, choice: Json) -> Any:
        """Return the delta of a choice; None if there is nothing to read."""
        delta = choice.get("delta")
        if delta is None and "message" in choice:
            delta = self._message(choice["message"])
        if delta is None:  # Azure: only results of its content filter
            self._read_filter(choice)
            return {} if self._finish_reason and self._calls.waiting else None
        return delta

    @property
    def _has_begun(self) -> bool:
        return self._has_answer or bool(self._calls.waiting)

    def _message(self, message: Any) -> Any:
        """Return the whole answer, which some gateways send in one event.

        Raise `MalformedResponse` for a second one: it may be the rest, or all of the text so far.
        """
        if not self._has_begun:
            self._whole = mapping(message)
            return message
        if self._whole and any(
            value and value != self._whole.get(name)
            for name, value in mapping(message).items()
            if name in ("content", "tool_calls")
        ):
            raise malformed("the stream has a second whole message, which differs from the first")
        return None

    def close(self) -> AIMessageChunk:
        """Return the last chunk, with what is known or complete only at the end."""
        first = first_metadata(self._answer, self._maker)
        unsent = {name: v for name, v in first.items() if name not in self._sent_metadata}
        logprobs = self._accumulated.logprobs
        last = last_metadata(self._answer, self._usage, self._finish_reason, logprobs)
        last |= filter_results(self._answer, {FILTER_RESULTS: self._filter})
        kwargs = self._accumulated.kwargs()
        last |= tool_counts(kwargs.get("executed_tools"))
        lists = {name: self._answer[name] for name in BODY_LISTS if name in self._answer}
        extras = {CALL_EXTRAS: self._calls.extras} if self._calls.extras else {}
        return AIMessageChunk(
            content="",
            additional_kwargs=kwargs | lists | extras,
            tool_call_chunks=self._calls.endings(cut=self._finish_reason in CUT_REASONS),
            usage_metadata=self.usage,
            response_metadata={**unsent, "model_provider": self._maker, **last},
            chunk_position="last",
            id=message_id(self._answer.get("id")),
        )

    def _read_answer_fields(self, event: Json) -> None:
        answer = self._answer
        for name in _FIRST_VALUE:
            if name not in answer and (value := event.get(name)):
                answer[name] = value
        for name, value in event.items():
            if value and name in _LAST_VALUE:
                answer[name] = value
        if usage := event.get("usage"):
            self._read_usage(usage)
        if "x_groq" in event:
            self._read_groq_fields(mapping(event["x_groq"]), counted=bool(usage))

    def _read_groq_fields(self, fields: Json, *, counted: bool) -> None:
        if not counted:  # in some streams the only usage
            self._read_usage(fields.get("usage"))
        if breakdown := fields.get("usage_breakdown"):
            self._answer["usage_breakdown"] = breakdown

    def _read_usage(self, usage: Any) -> None:
        # Some providers send usage in every event, sometimes without counts: the last one with
        # counts is valid.
        raw = mapping(usage)
        counted = usage_of(raw)
        self.usage = newer_usage(counted, self.usage)
        self._usage = raw if counted and counted["input_tokens"] else raw | self._usage

    def _first_choice(self, event: Json) -> Json | None:
        choices = event.get("choices")
        if not choices and (choices is None or isinstance(choices, list)):
            return None  # such as gpt-audio's padding, and the event with the usage
        if not isinstance(choices, list):
            raise malformed(f"expected 'choices' to be a list, found {type(choices).__name__}")
        for choice in choices:
            if not isinstance(choice, dict):
                raise malformed(f"expected a choice to be an object, found {type(choice).__name__}")
            index = choice.get("index") or 0
            if self._choice is None:
                self._choice = index
            if index == self._choice:
                return choice
        return None

    def _read_choice_fields(self, choice: Json) -> None:
        if reason := text_field(choice, "finish_reason"):
            self._read_filter(choice)
            self.finished = True
            self._finish_reason = self._finish_reason or reason
        if (logprobs := choice.get("logprobs")) is not None:
            self._accumulated.read_logprobs(logprobs)
        if usage := choice.get("usage"):  # Moonshot
            self._read_usage(usage)

    def _read_filter(self, choice: Json) -> None:
        """Keep the results of Azure's content filter, which come with the end or alone."""
        if results := choice.get(FILTER_RESULTS):
            self._filter.update(results)

    def _read_delta(self, delta: Any) -> AIMessageChunk | None:
        if not isinstance(delta, dict):
            raise malformed(f"expected 'delta' to be an object, found {type(delta).__name__}")
        if "provider_metadata" in delta:  # Vercel
            self._answer = with_upstream(self._answer, delta)
        text, reasoning = self._texts(delta.get("content"))
        kwargs: Json = {}
        if reasoning := reasoning or reasoning_of(delta):
            kwargs["reasoning_content"] = reasoning
        if not delta.keys() <= _COMMON_FIELDS:
            self._accumulated.read(delta)
            if refusal := text_field(delta, "refusal"):
                kwargs["refusal"] = refusal
        raw_calls, calls = delta.get("tool_calls"), []
        if raw_calls:
            raw_calls, hosted = split_hosted(raw_calls)
            if hosted:
                self._accumulated.extend(HOSTED_CALLS, hosted)
        if raw_calls or self._calls.waiting:
            has_more = bool(text or kwargs)
            calls = self._calls.read(raw_calls, has_more=has_more, ends=self.finished)
        return self._chunk(text, kwargs, calls) if text or kwargs or calls else None

    def _texts(self, content: Any) -> tuple[str, str]:
        if isinstance(content, str):
            return content, ""
        text, reasoning, others = content_of(content)
        if others:
            self._accumulated.extend("content_chunks", others)
        return text, reasoning

    def _chunk(self, text: str, kwargs: Json, calls: list[ToolCallChunk]) -> AIMessageChunk:
        metadata: Json = {"model_provider": self._maker}
        if not self._sent_metadata:
            metadata = self._sent_metadata = first_metadata(self._answer, self._maker)
            self._id = message_id(self._answer.get("id"))
        return chunk_of(text, metadata, self._id, kwargs=kwargs, calls=calls)
