"""The wire of Anthropic's Messages API, which other providers offer as well.

https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, objects, positive_limit
from scout_adapters.llm.types import SEARCHES, ChatRequest, ProviderSpec, StreamReader, Turn, Wire

API_VERSION = "2023-06-01"
"""Not 2026-10-21: that version refuses `temperature`, which models up to Claude 4.6 accept.
https://platform.claude.com/docs/en/api/versioning
"""


NATIVE_BLOCKS = frozenset(
    {
        "redacted_thinking",
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
        "search_result",
        "document",
        "container_upload",
        "compaction",
        "advisor_tool_result",
        "tool_reference",
        "tool_addition",
        "tool_removal",
        "browser_state",
    }
)
BODY_FIELDS = frozenset(
    {
        "betas",
        "cache_control",
        "container",
        "context_management",
        "inference_geo",
        "mcp_servers",
        "metadata",
        "output_config",
        "output_format",
        "service_tier",
        "speed",
        "thinking",
        "top_k",
        "user_profile_id",
    }
)
"""`betas` becomes a header. https://platform.claude.com/docs/en/api/messages/create"""

OWN_TOOL = re.compile(r"function|custom|mcp_toolset|\w+_\d{8}")
"""Types of tools: functions, and those that Anthropic runs or has its own form for.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-reference"""

THINKING_BLOCKS = frozenset({"thinking", "redacted_thinking"})


class AnthropicMessagesWire(Wire):
    """The Messages API as a `Wire`; it has no state."""

    name = "anthropic_messages"
    version = "v1"
    closes_schemas = True
    native_blocks = NATIVE_BLOCKS
    body_fields = BODY_FIELDS
    takes_unknown_blocks = True
    indexes_chunks = True
    unpriced_fields = frozenset(
        {"model", "messages", "system", "max_tokens", "temperature", "top_p", "top_k"}
        | {"stop_sequences", "stream", "thinking"}
    )
    external_inputs = frozenset({"mcp_servers"})

    def endpoint(self, model: str, *, stream: bool) -> str:  # noqa: ARG002  # the body has both
        return "/messages"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the headers with the key and the version of the API."""
        return {"x-api-key": key, "anthropic-version": API_VERSION}

    def extra_headers(self, request: ChatRequest) -> dict[str, str]:
        """Return the header with the beta features that the request uses."""
        from scout_adapters.llm.wires.anthropic_messages.betas import beta_headers

        return beta_headers(request)

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        from scout_adapters.llm.wires.anthropic_messages.build import build_body

        return build_body(request, turns, spec)

    def mark_prefixes(self, body: Json, shortest: int) -> Sequence[str]:
        from scout_adapters.llm.wires.anthropic_messages.cache_markers import add_markers

        return add_markers(body, shortest)

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        from scout_adapters.llm.wires.anthropic_messages.parse import parse_response

        return parse_response(body, spec)

    def provider_tools(self, body: Json) -> Sequence[Json]:
        tools = objects(body.get("tools"))
        return [tool for tool in tools if tool.get("type") not in {None, "custom"}]

    def takes_tool(self, tool: Mapping[str, Any]) -> bool:
        """Return whether a tool is a function, or has the form of one that Anthropic runs."""
        kind = tool.get("type")
        return OWN_TOOL.fullmatch(str(kind)) is not None if kind else "name" in tool

    def searches(self, body: Json) -> int:
        tools = self.provider_tools(body) if "tools" in body else ()
        limits = [tool.get("max_uses") for tool in tools if "web_search" in str(tool["type"])]
        return sum(positive_limit(limit) or SEARCHES for limit in limits)

    def recognises(self, message: AIMessage) -> bool:
        """Return whether the message contains thinking blocks, which only this API returns."""
        return any(
            isinstance(block, dict) and block.get("type") in THINKING_BLOCKS
            for block in message.content
        )

    def unsupported_media(self, spec: ProviderSpec) -> frozenset[str]:  # noqa: ARG002  # a Wire's
        return frozenset({"audio", "video"})

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:
        """Return a reader for the streamed answer to the request `body`.

        If the request can only be answered with text, the content of chunks is a string, as in
        ChatAnthropic; otherwise it is a list of blocks.
        """
        from scout_adapters.llm.wires.anthropic_messages.stream import (
            MessagesStreamReader,
            is_text_only,
        )

        return MessagesStreamReader(spec, plain=body is not None and is_text_only(body))


WIRE: Wire = AnthropicMessagesWire()
