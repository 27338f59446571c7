"""The wire of OpenAI's Chat Completions, which most providers offer with deviations.

Deviations are data of the card (`ChatCompletionsDialect`); no code here depends on a provider.
https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, objects, positive_limit
from scout_adapters.llm.types import (
    SEARCHES,
    ChatRequest,
    PendingAnswer,
    ProviderSpec,
    StreamReader,
    Turn,
    Wire,
)
from scout_adapters.llm.wires.openai_chat.build import build_body
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect, unsupported_media
from scout_adapters.llm.wires.openai_chat.parse import parse_response
from scout_adapters.llm.wires.parsing import require_id

if TYPE_CHECKING:
    from scout_adapters.llm.types.embedding import EmbeddingWire

__all__ = ["WIRE", "ChatCompletionsDialect"]

BODY_FIELDS = frozenset(
    {
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "metadata",
        "modalities",
        "moderation",
        "n",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "seed",
        "service_tier",
        "store",
        "stream_options",
        "top_logprobs",
        "user",
        "verbosity",
        "web_search_options",
    }
)
"""https://platform.openai.com/docs/api-reference/chat/create"""


RESULTS = 5
"""Results of a search of OpenRouter's plugin: https://openrouter.ai/docs/features/web-search"""


class OpenAIChatWire(Wire):
    """Chat Completions as a `Wire`; it has no state."""

    name = "openai_chat"
    version = "v1"
    dialect = ChatCompletionsDialect
    native_blocks = frozenset({"refusal"})
    body_fields = BODY_FIELDS
    refusals_name = re.compile(r"/?chat/completions\b|\bChat Completions\b", re.IGNORECASE)
    deferral = "deferred"
    plain_options = ("temperature", "top_p", "stop", "frequency_penalty", "presence_penalty")
    unpriced_fields = frozenset(
        {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stop"}
        | {"seed", "stream", "stream_options", "user", "response_format", "reasoning_effort"}
    )
    external_inputs = frozenset(
        {"plugins", "preset", "web_search_options", "search_parameters", "mcp_servers"}
    )

    def endpoint(self, model: str, *, stream: bool) -> str:  # noqa: ARG002  # one URL for all
        """Return the path; it is the same for every model."""
        return "/chat/completions"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the header with the key; none without a key, as `Bearer ` alone is invalid."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        return build_body(request, turns, spec)

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        return parse_response(body, spec)

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:  # noqa: ARG002  # a Wire's
        from scout_adapters.llm.wires.openai_chat.stream import ChatStreamReader

        return ChatStreamReader(spec)

    def embedding_wire(self) -> EmbeddingWire:
        from scout_adapters.llm.wires.openai_chat.openai_embeddings import EMBEDDINGS

        return EMBEDDINGS

    def output_limit(self, body: Json) -> int | None:
        own, older = body.get("max_completion_tokens"), body.get("max_tokens")
        return None if own is None and older is None else positive_limit(own, older)

    def searches(self, body: Json) -> int:
        """Return the searches of tools, of xAI's `search_parameters` and OpenRouter's plugin.

        OpenAI makes one. A search of OpenRouter's has five results; more count as several.
        """
        if "search_parameters" in body:
            return SEARCHES
        of_tools = super().searches(body) if "tools" in body else 0
        of_plugins = plugin_searches(body) if "plugins" in body else 0
        return of_tools or of_plugins or int("web_search_options" in body)

    def answer_count(self, body: Json) -> int:
        count = body.get("n")
        return 1 if count is None else positive_limit(count) or 1

    def pending_answer(self, answer: Json) -> PendingAnswer | None:
        """Return where xAI's deferred answer will be; it can be fetched once.

        https://docs.x.ai/docs/guides/deferred-chat-completions
        """
        if not isinstance(answer, dict) or "choices" in answer or "request_id" not in answer:
            return None
        answer_id = require_id(answer, "request_id")
        return PendingAnswer(answer_id, f"/chat/deferred-completion/{answer_id}")

    def output_modalities(self, body: Json) -> Sequence[str]:
        modalities = body.get("modalities")
        return modalities if isinstance(modalities, list | tuple) else ()

    def unsupported_media(self, spec: ProviderSpec) -> frozenset[str]:
        return unsupported_media(spec)


def plugin_searches(body: Json) -> int:
    """Return the searches of OpenRouter's plugin `web`, of five results each."""
    plugins = [each for each in objects(body.get("plugins")) if each.get("id") == "web"]
    results = (positive_limit(each.get("max_results")) or RESULTS for each in plugins)
    return sum(-(-count // RESULTS) for count in results)


WIRE: Wire = OpenAIChatWire()
