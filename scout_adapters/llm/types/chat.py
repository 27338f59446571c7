"""A call and its messages in a neutral form: the input of every wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.messages import BaseMessage

from scout_adapters._internal.json_values import Json


@dataclass(frozen=True, kw_only=True)  # without slots, for `copy_dataclass`: each call copies it
class ChatRequest:
    """One call of a chat model, in LangChain's and OpenAI's neutral vocabulary."""

    model: str
    messages: Sequence[BaseMessage]
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: Sequence[str] = ()
    tools: Sequence[Mapping[str, Any]] = ()
    """OpenAI function tools (`{"type": "function", "function": {…}}`), optionally with a
    `cache_control` beside `function`; any other dict is the provider's own tool, sent unchanged."""

    tool_choice: str | Mapping[str, Any] | None = None
    """`"auto"`, `"none"`, `"any"`, a tool's name, or the provider's own form."""

    parallel_tool_calls: bool | None = None
    response_format: Mapping[str, Any] | None = None
    """OpenAI's form: `{"type": "json_schema", "json_schema": {"name", "schema", "strict"?}}`,
    or `{"type": "json_object"}`."""

    reasoning_effort: str | None = None
    """`"none"`, `"minimal"`, `"low"`, `"medium"`, `"high"`; converted by each wire."""

    prompt_cache: str | None = None
    """`"auto"`: cache markers are added where the API needs them. None and `"off"`: the caller's
    markers only."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further body fields, under the provider's own names (`seed`, `top_k`, `thinking`, …)."""


Role = Literal["system", "user", "assistant", "tool"]


@dataclass(slots=True, kw_only=True)  # not frozen: creation would take four times as long
class Turn:
    """One message, converted for the provider that will receive it: the input of a wire.

    The maker of a message is the provider whose model wrote it (`model_provider`). `blocks` are
    dicts of these types only:

    * `text`: `text`;
    * `image`, `audio`, `video`, `file`: `base64` and `mime_type`, or `url`, or `file_id`;
      optionally `filename`, `detail`;
    * `reasoning`: `reasoning`, optionally `signature`; only if the receiver is the maker;
    * `tool_call`: `id`, `name`, `args` (a dict, or a text that is not valid JSON), optionally
      `signature`;
    * `native`: `value`, a dict in the receiver's own form; only if the receiver is the maker, or
      the user wrote it in that form.

    Each may have a `cache_control`.
    """

    role: Role
    blocks: Sequence[Json]
    at: int
    """The index of the message in the conversation, for error messages."""

    name: str | None = None
    tool_call_id: str = ""
    """On `tool` turns: the id of the call whose result this is."""

    tool_name: str = ""
    """On `tool` turns: the name of the tool that was called."""

    failed: bool = False
    """On `tool` turns: whether the tool raised an exception."""

    extras: Mapping[str, Any] = field(default_factory=dict)
    """On `assistant` turns, if the receiver is the maker: the message's `additional_kwargs`. On
    `tool` turns that the user wrote in Anthropic's form: its `cache_control`."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    """On `assistant` turns, if the receiver is the maker: the message's `response_metadata`."""

    content: Sequence[Any] | None = None
    """On `assistant` turns, if the receiver is the maker: the message's content if it is a list,
    for wires that send an answer back unchanged. The tool calls in `blocks` take precedence:
    callers may have edited them."""

    @property
    def where(self) -> str:
        """The message's index and role, for error messages."""
        return f"message {self.at} ({self.role})"
