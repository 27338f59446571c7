"""The OpenAI Responses wire, for OpenAI, xAI and every server that has it.

Requests are stateless by default: the server stores nothing, and encrypted reasoning travels in
the messages. https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, positive_limit
from scout_adapters.llm.types import (
    PREVIOUS,
    SEARCHES,
    ChatRequest,
    PendingAnswer,
    ProviderSpec,
    StreamReader,
    Turn,
    Wire,
)
from scout_adapters.llm.wires.openai_responses.dialect import (
    ResponsesDialect,
    searches_dearly,
    unsupported_media,
)

__all__ = ["WIRE", "ResponsesDialect"]

NATIVE_BLOCKS = frozenset(
    {
        "refusal",
        "input_text",
        "input_image",
        "input_file",
        "web_search_call",
        "x_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "partial_image",
        "computer_call",
        "computer_call_output",
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "mcp_approval_response",
        "tool_search_call",
        "tool_search_output",
        "additional_tools",
        "configuration_update",
        "program",
        "program_output",
        "function_call_output",
        "custom_tool_call_output",
        "item_reference",
        "compaction_trigger",
        "message_part",
    }
)
"""Blocks that are items of this API, or parts of its messages."""

BODY_FIELDS = frozenset(
    {
        "access_programs",
        "background",
        "background_options",
        "context_management",
        "conversation",
        "image",
        "include",
        "instructions",
        "logprobs",
        "max_tool_calls",
        "metadata",
        "moderation",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream_options",
        "text",
        "top_logprobs",
        "truncation",
        "user",
        "verbosity",
    }
)
"""https://platform.openai.com/docs/api-reference/responses/create"""

ONLY_HERE = BODY_FIELDS & {
    "access_programs",
    "background",
    "background_options",
    "context_management",
    "conversation",
    "include",
    "instructions",
    "max_tool_calls",
    "previous_response_id",
    "prompt",
    "reasoning",
    "text",
    "truncation",
}
"""Fields that Chat Completions does not have."""

ITEM_BLOCKS = NATIVE_BLOCKS - {"refusal"}


CLIENT_TOOLS = frozenset({"function", "custom"})
"""Types of tools that the caller runs, and that Chat Completions has as well."""

PAID_TOOL = re.compile(r"search|code_(?:interpreter|execution)")
"""Types of tools whose calls have a fee: https://docs.x.ai/developers/pricing."""


class OpenAIResponsesWire(Wire):
    """The Responses API as a `Wire`; it has no state."""

    name = "openai_responses"
    version = "v1"
    dialect = ResponsesDialect
    native_blocks = NATIVE_BLOCKS
    body_fields = BODY_FIELDS | {PREVIOUS}
    refusals_name = re.compile(r"\bv1/responses\b|\bResponses API\b", re.IGNORECASE)
    is_responses_api = True
    takes_unknown_blocks = True
    deferral = "background"
    streams_deferred = True
    plain_options = ("temperature", "top_p", "stop")
    unpriced_fields = frozenset(
        {"model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "stream"}
        | {"store", "include", "reasoning", "text", "user"}
    )
    external_inputs = frozenset({"previous_response_id", "conversation", "prompt"})

    def is_needed_for(self, request: ChatRequest) -> bool:
        """Return whether a request has a field or a hosted tool that Chat Completions lacks."""
        if not request.extra and not request.tools:
            return False
        return (
            not ONLY_HERE.isdisjoint(request.extra)
            or bool(request.extra.get(PREVIOUS))
            or any(tool.get("type") not in CLIENT_TOOLS for tool in request.tools)
        )

    def endpoint(self, model: str, *, stream: bool) -> str:  # noqa: ARG002  # one URL for all
        return "/responses"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the header of a key; a server without keys gets none: `Bearer ` is not legal."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        from scout_adapters.llm.wires.openai_responses.build import build_body

        return build_body(request, turns, spec)

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        from scout_adapters.llm.wires.openai_responses.parse import parse_response

        return parse_response(body, spec)

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:  # noqa: ARG002  # a Wire's
        from scout_adapters.llm.wires.openai_responses.stream import ResponsesStreamReader

        return ResponsesStreamReader(spec)

    def recognises(self, message: AIMessage) -> bool:
        """Return whether the message contains items, or reasoning in the form of this API."""
        return any(
            block.get("type") in ITEM_BLOCKS
            or (block.get("type") == "reasoning" and "summary" in block)
            for block in message.content
            if isinstance(block, dict)
        )

    def standard_blocks(self, message: AIMessage) -> list[Json] | None:
        """Return the items as v1 blocks: core translates them for the maker `openai` only."""
        from scout_adapters.llm.wires.openai_responses.v1_blocks import standard_blocks

        return standard_blocks(message)

    def v0_converter(self) -> Callable[[AIMessage], AIMessage]:
        from scout_adapters.llm.wires.openai_responses.v0_content import V0Content

        return V0Content().convert

    def output_limit(self, body: Json) -> int | None:
        return positive_limit(body.get("max_output_tokens"))

    def searches(self, body: Json) -> int:
        """Return the calls of tools with a fee: xAI bills its code tool like a search.

        At models that do not reason, a search of OpenAI's preview tool costs as much as 2.5 others.
        """
        tools = self.provider_tools(body) if "tools" in body else ()
        paid = [tool for tool in tools if PAID_TOOL.search(str(tool.get("type")))]
        limit = (positive_limit(body.get("max_tool_calls")) or SEARCHES) if paid else 0
        return -(-limit * 5 // 2) if limit and searches_dearly(body) else limit

    def pending_answer(self, answer: Json) -> PendingAnswer | None:
        """Return where a response is that is made in the background.

        https://platform.openai.com/docs/guides/background
        """
        from scout_adapters.llm.wires.openai_responses.parse import pending_response

        return pending_response(answer)

    def unsupported_media(self, spec: ProviderSpec) -> frozenset[str]:
        return unsupported_media(spec)


WIRE: Wire = OpenAIResponsesWire()
