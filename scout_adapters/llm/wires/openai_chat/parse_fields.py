"""Fields of whole and streamed answers: errors inside a 200, text, reasoning, metadata."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.wires.openai_chat.usage import dollars, usage_by_model
from scout_adapters.llm.wires.parsing import FAILED_ENDS, dump_json, is_bare_error

MESSAGE_LISTS = ("annotations", "executed_tools", "images", "reasoning_details")
MESSAGE_OBJECTS = ("audio", "function_call")
BODY_LISTS = ("citations", "search_results")
"""Fields of a message and of a body that `additional_kwargs` has under the same name."""

CALL_EXTRAS = "tool_call_extras"
"""The key of `additional_kwargs` with what tool calls have no field for, by call id."""

HOSTED_CALLS = "server_tool_calls"
"""The key of `additional_kwargs` with calls of tools that the server has run."""

_COST_FIELDS = ("cost", "cost_details")

_ERROR_FIELDS = frozenset({"error", "base_resp", "x_groq"})

_REPEATING_ID = re.compile(r"chatcmpl-\d{1,3}")
"""Ollama's ids: they restart after chatcmpl-999. As message ids they would overwrite each other
in a LangGraph state."""


def raise_if_refused(body: Json) -> None:
    """Raise `ProviderRefusal` with the whole body if it is an error. Cheap for a good event."""
    if not body.get("choices"):
        if is_bare_error(body):
            raise ProviderRefusal(body)
    elif _ERROR_FIELDS.isdisjoint(body):
        return
    if body.get("error") or mapping(body.get("x_groq")).get("error"):
        raise _refusal(body, body)
    # https://platform.minimax.io/docs/api-reference/errorcode
    if mapping(body.get("base_resp")).get("status_code") not in (None, 0, "0", ""):
        raise ProviderRefusal(body)


def raise_if_choice_failed(choice: Json, body: Json) -> None:
    """Raise `ProviderRefusal` for an error inside a choice of `body`, as OpenRouter sends it late.

    The tokens until then are billed: https://openrouter.ai/docs/api-reference/errors
    """
    error = choice.get("error")
    if not error and choice.get("finish_reason") == "error":
        raise_if_call_failed(text_field(choice, "native_finish_reason"), body)
        error = {"message": "the provider stopped with finish_reason 'error' and gave no reason"}
    if error:
        raise _refusal({"error": error}, body)


def raise_if_call_failed(finish_reason: str, body: Json) -> None:
    """Raise `ProviderRefusal` if an answer without content ended with one of `FAILED_ENDS`.

    Gemini over OpenAI's API ends with `function_call_filter: MALFORMED_FUNCTION_CALL`, and
    OpenRouter names it as `native_finish_reason`.
    """
    code = finish_reason.rpartition(" ")[2].upper()
    if code in FAILED_ENDS:
        raise _refusal({"error": {"code": code, "message": finish_reason}}, body)


def _refusal(payload: Json, body: Json) -> ProviderRefusal:
    refusal = ProviderRefusal(payload)
    refusal.cost_usd = dollars(body, mapping(body.get("usage"))) or None
    return refusal


def text_field(holder: Json, name: str) -> str:
    """Return a text that may be null or missing; raise `MalformedResponse` for another type."""
    value = holder.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise malformed(f"expected {name!r} to be text, found {type(value).__name__}")


def content_of(content: Any) -> tuple[str, str, list[Json]]:
    """Return the text, the reasoning and the other parts of an answer's `content`.

    Mistral sends a list of chunks (https://docs.mistral.ai/capabilities/reasoning); Cloudflare
    sends structured output as an object.
    """
    if content is None or isinstance(content, str):
        return content or "", "", []
    if isinstance(content, dict):
        return dump_json(content), "", []
    if not isinstance(content, list):
        raise malformed(f"expected 'content' to be text, found {type(content).__name__}")
    text, reasoning, others = "", "", []
    for chunk in content:
        if isinstance(chunk, str):
            text += chunk
        elif not isinstance(chunk, dict):
            raise malformed(f"expected 'content' to list chunks, found {type(chunk).__name__}")
        elif chunk.get("type") == "text":
            text += text_field(chunk, "text")
        elif chunk.get("type") == "thinking":
            reasoning += _thinking(chunk.get("thinking"))
        else:
            others.append(chunk)
    return text, reasoning, others


def _thinking(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "".join(text_field(chunk, "text") for chunk in objects(value))


def reasoning_of(message: Json) -> str:
    """Return the reasoning text once; some providers send it under two names.

    MiniMax documents `reasoning_details` only, and OpenRouter repeats the text there:
    https://platform.minimax.io/docs/api-reference/text-openai-api
    """
    text = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(text, str) and text:
        return text
    if text:
        raise malformed(f"expected 'reasoning' to be text, found {type(text).__name__}")
    details = message.get("reasoning_details")
    if not details:
        return ""
    return "".join(text_field(detail, "text") for detail in objects(details))


def non_empty(value: Any) -> Json:
    """Return an object that has a value in it; an empty dict otherwise."""
    return value if isinstance(value, dict) and any(value.values()) else {}


def message_id(body_id: Any) -> str | None:
    """Return the answer's id; None if it has none, or one that is not unique."""
    usable = isinstance(body_id, str) and body_id and not _REPEATING_ID.fullmatch(body_id)
    return body_id if usable else None


def first_metadata(body: Json, maker: str) -> Json:
    """Return the metadata that the first chunk of a stream has: provider, model and id."""
    fields = {"model_name": body.get("model"), "id": body.get("id")}
    return _texts(fields) | {"model_provider": maker}


FILTER_RESULTS = "content_filter_results"
"""Azure's results for an answer: https://learn.microsoft.com/azure/foundry/openai/concepts/content-filter"""

PROMPT_FILTER = "prompt_filter_results"


def filter_results(body: Json, choice: Json) -> Json:
    """Return what Azure's content filter found in the prompt and in the answer."""
    results = {
        PROMPT_FILTER: body.get(PROMPT_FILTER),
        FILTER_RESULTS: choice.get(FILTER_RESULTS),
    }
    return {name: value for name, value in results.items() if value}


GUARDRAIL = "amazon-bedrock-guardrailAction"
"""Beside an answer over which a guardrail of Bedrock ran: `INTERVENED` or `NONE`."""


def last_metadata(body: Json, usage: Json, finish_reason: str, logprobs: Any) -> Json:
    """Return the metadata that the last chunk of a stream has: finish reason, usage, cost."""
    fields = {
        "finish_reason": finish_reason,
        "system_fingerprint": body.get("system_fingerprint"),
        "service_tier": body.get("service_tier"),
        "upstream": body.get("provider"),
        GUARDRAIL: body.get(GUARDRAIL),
    }
    metadata = _texts(fields)
    if logprobs is not None:
        metadata["logprobs"] = logprobs
    if usage:
        metadata["token_usage"] = usage  # unchanged, as in ChatOpenAI and ChatGroq
        # As in ChatOpenRouter.
        metadata |= {name: usage[name] for name in _COST_FIELDS if usage.get(name) is not None}
    if "usage_breakdown" in body and (parts := usage_by_model(body)):
        metadata["usage_by_model"] = parts
    if (cost := dollars(body, usage)) is not None:
        metadata["provider_cost_usd"] = cost
    return metadata


def tool_counts(tools: Any) -> Json:
    """Return the metadata of the tools that Groq ran: how often, by name; empty without tools.

    They are billed beside the tokens: https://groq.com/pricing
    """
    names = Counter(str(tool.get("name") or tool.get("type")) for tool in objects(tools))
    return {"executed_tools": dict(names)} if names else {}


def with_upstream(body: Json, message: Json) -> Json:
    """Return a body with the provider that answered, where a gateway states it in the message.

    https://vercel.com/docs/ai-gateway/models-and-providers/provider-options
    """
    if "provider_metadata" not in message or body.get("provider"):
        return body
    gateway = mapping(mapping(message["provider_metadata"]).get("gateway"))
    return {**body, "provider": mapping(gateway.get("routing")).get("finalProvider")}


def _texts(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value and isinstance(value, str)}
