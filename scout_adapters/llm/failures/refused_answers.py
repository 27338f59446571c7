"""Recognise answers that a content policy has ended, in the metadata that LangChain gives them.

Anthropic: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons,
Gemini: https://ai.google.dev/api/generate-content#FinishReason,
Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use.html
"""

from __future__ import annotations

from collections.abc import Mapping

from langchain_core.messages import AIMessage

from scout_adapters.llm.types import ModelAnswer

REFUSALS: Mapping[str, frozenset[str]] = {
    "finish_reason": frozenset(
        {
            "content_filter",
            "refusal",
            "SAFETY",
            "IMAGE_SAFETY",
            "PROHIBITED_CONTENT",
            "BLOCKLIST",
            "SPII",
        }
    ),
    "stop_reason": frozenset({"refusal", "guardrail_intervened", "content_filtered"}),
    "stopReason": frozenset({"guardrail_intervened", "content_filtered"}),
    "amazon-bedrock-guardrailAction": frozenset({"INTERVENED"}),
}
"""By field of `response_metadata`: values that mean that a content policy ended the answer."""

REPLACED = frozenset({"INTERVENED", "guardrail_intervened"})
"""Values for an answer whose text is a guardrail's message instead of the model's."""


def policy_refusal(answer: ModelAnswer) -> str:
    """Return the reason if a content policy ended an answer before any content; else ""."""
    metadata = answer.response_metadata
    if blocked := metadata.get("block_reason"):
        return str(blocked)
    values = ((metadata.get(name), words) for name, words in REFUSALS.items())
    reason = next((v for v, words in values if isinstance(v, str) and v in words), "")
    if not reason or reason in REPLACED:
        return reason
    has_content = isinstance(answer, AIMessage) and bool(answer.text or answer.tool_calls)
    return "" if has_content else reason
