"""The refusals of real recorded traffic, with a kind assigned to each by hand.

`JUDGED` is by provider as the recordings call it. Errors of providers that have no card are in it
too: such a provider may stand behind a gateway, or at the address of an OpenAI-compatible server.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scout_adapters.llm.failures import error_from_response
from tests.support import recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.errors import ProviderError

HOUSES = {
    "gemini": "google",
    "vertex-gemini": "vertex",
    "vertex-anthropic": "vertex",
    "openai-responses": "openai",
    "chatgpt-codex-responses": "openai",
    "xai-responses": "xai",
    "deepseek-responses": "deepseek",
    "ollama-openai": "ollama",
    "minimax-messages": "minimax",
    "vercel-gateway": "vercel",
    "azure-openai": "azure",
    "azure-openai-responses": "azure",
    "azure-ai": "azure",
    "azure-ai-responses": "azure",
}
"""What this library calls the providers of the recordings, where it has a name for them."""

# provider | status | code | kind | beginning of the message, where one code has several meanings
JUDGED = """
alibaba | 200 | invalid_parameter_error | invalid_request
alibaba | 400 | invalid_parameter_error | invalid_request
alibaba | 400 | invalid_parameter_error | unsupported | <400> InternalError.Algo.InvalidParameter: T
alibaba | 401 | invalid_api_key | auth_invalid
alibaba | 404 | model_not_found | model_not_found
anthropic | 400 | invalid_request_error | invalid_request
anthropic | 400 | invalid_request_error | unsupported | Schema
anthropic | 400 | invalid_request_error | unsupported | This model does not support effort level
anthropic | 400 | invalid_request_error | unsupported | Too many strict tools
anthropic | 400 | invalid_request_error | unsupported | output_config.format
anthropic | 401 | authentication_error | auth_invalid
anthropic | 404 | not_found_error | model_not_found
azure-ai | 401 | - | auth_invalid
azure-ai | 429 | RateLimitReached | rate_limit
azure-openai | 401 | - | auth_invalid
azure-openai | 404 | - | model_not_found
baseten | 400 | Bad Request | invalid_request | Validation
baseten | 400 | Bad Request | unsupported
baseten | 403 | - | auth_invalid
cerebras | 401 | wrong_api_key | auth_invalid
cerebras | 403 | multimodal_not_enabled | unsupported
cerebras | 404 | model_not_found | model_not_found
chatgpt-codex-responses | 401 | - | auth_invalid
cohere | 400 | - | unsupported | invalid request: image content is not supported
cohere | 400 | TOO_MANY_TOKENS | context_overflow
cohere | 401 | - | auth_invalid
cohere | 404 | - | model_not_found
cohere | 422 | - | invalid_request | No valid response generated
deepseek | 400 | invalid_request_error | invalid_request
deepseek | 400 | invalid_request_error | model_not_found | Model Not Exist
deepseek | 400 | invalid_request_error | model_not_found | The supported API model names are
deepseek | 400 | invalid_request_error | unsupported | Failed to deserialize the JSON body
deepseek | 400 | invalid_request_error | unsupported | Thinking mode does not support
deepseek | 401 | authentication_error | auth_invalid
deepseek-responses | 400 | invalid_request_error | invalid_request
doubleword | 400 | Bad Request | invalid_request
doubleword | 403 | forbidden | permission
doubleword | 404 | model_not_found | model_not_found
gemini | 400 | API_KEY_INVALID | auth_invalid
gemini | 400 | INVALID_ARGUMENT | invalid_request
gemini | 400 | INVALID_ARGUMENT | model_not_found | * GenerateContentRequest.model
gemini | 400 | INVALID_ARGUMENT | unsupported | JSON mode is not enabled
gemini | 400 | INVALID_ARGUMENT | unsupported | LogProbs is not supported
gemini | 400 | INVALID_ARGUMENT | unsupported | Logprobs is not enabled
gemini | 400 | INVALID_ARGUMENT | unsupported | The requested combination of response modalities
gemini | 403 | PERMISSION_DENIED | auth_invalid | Method doesn't allow unregistered callers
gemini | 404 | NOT_FOUND | model_not_found
gemini | 429 | RESOURCE_EXHAUSTED | rate_limit
groq | 200 | tool_use_failed | tool_call_invalid
groq | 400 | invalid_request_error | invalid_request
groq | 400 | invalid_request_error | unsupported | This model does not support
groq | 400 | invalid_request_error | unsupported | `tool calling` is not supported
groq | 400 | invalid_request_error | unsupported | code=400, message=tools[0].type must be one of
groq | 400 | invalid_request_error | unsupported | messages[0].content must be a string
groq | 400 | model_decommissioned | model_retired
groq | 400 | tool_use_failed | tool_call_invalid
groq | 401 | invalid_api_key | auth_invalid
groq | 404 | model_not_found | model_not_found
huggingface | 400 | - | unsupported
huggingface | 400 | invalid_request_error | invalid_request | Invalid json_schema format
huggingface | 400 | invalid_request_error | unsupported | Extra inputs are not permitted
huggingface | 400 | model_not_found | model_not_found
huggingface | 401 | - | auth_invalid
huggingface | 402 | - | billing
huggingface | 500 | - | server_error
huggingface | 500 | server_error | server_error
huggingface | 502 | - | server_error
llamacpp | 200 | 500 | context_overflow
llamacpp | 400 | invalid_request_error | invalid_request
llamacpp | 400 | invalid_request_error | unsupported | unsupported content[].type
llamacpp | 401 | authentication_error | auth_invalid
llamacpp | 500 | server_error | context_overflow | Context size
llamacpp | 500 | server_error | unsupported | audio input
llamacpp | 500 | server_error | unsupported | image input is not supported
llamacpp | 500 | server_error | unsupported | tools param requires --jinja flag
mistral | 400 | 1500 | model_not_found
mistral | 400 | 3051 | invalid_request
mistral | 400 | 3051 | unsupported | Audio input is not enabled
mistral | 400 | 3051 | unsupported | Image input is not enabled
mistral | 400 | 3051 | unsupported | Logprobs are not enabled
mistral | 400 | 3291 | invalid_request
mistral | 401 | - | auth_invalid
mistral | 422 | - | unsupported | body.tools
mistral | 500 | 1000 | server_error
ollama | 404 | - | model_not_found
ollama | 500 | - | invalid_request | Failed to create new sequence
ollama-openai | 400 | invalid_request_error | context_overflow | prompt too long
ollama-openai | 401 | api_error | auth_invalid
openai | 200 | invalid_request_error | invalid_request | Could not finish the message
openai | 400 | invalid_image_format | unsupported
openai | 400 | invalid_image_url | invalid_request
openai | 400 | invalid_parameter_combination | invalid_request
openai | 400 | invalid_request_error | invalid_request
openai | 400 | invalid_request_error | model_not_found | invalid model ID
openai | 400 | invalid_request_error | unsupported | Invalid parameter: 'response_format' of type
openai | 400 | invalid_request_error | unsupported | This model does not support
openai | 400 | invalid_request_error | unsupported | Web search options not supported
openai | 400 | invalid_value | invalid_request
openai | 400 | invalid_value | unsupported | Invalid 'messages[3]'. Content blocks
openai | 400 | invalid_value | unsupported | This model does not support
openai | 400 | unsupported_parameter | unsupported
openai | 401 | invalid_api_key | auth_invalid
openai | 401 | invalid_request_error | unsupported | You have insufficient permissions
openai | 403 | invalid_request_error | permission | You are not allowed to sample from this model
openai | 404 | invalid_request_error | unsupported | This is not a chat model
openai | 404 | invalid_request_error | unsupported | tools is not supported in this model
openai | 404 | model_not_found | model_not_found
openai | 404 | model_not_found | model_retired | The model `gpt-3.5-turbo-0613` has been deprecated
openai | 503 | - | capacity | upstream connect error
openai-responses | 200 | insufficient_quota | billing
openai-responses | 400 | integer_below_min_value | invalid_request
openai-responses | 400 | invalid_request_error | invalid_request
openai-responses | 400 | invalid_request_error | state_mismatch | Item 'rs_
openai-responses | 400 | invalid_request_error | unsupported | Deep research models only support
openai-responses | 400 | invalid_value | invalid_request
openai-responses | 400 | model_not_found | model_not_found
openai-responses | 400 | model_not_found | unsupported | The requested model 'o1-mini'
openai-responses | 400 | unsupported_file | unsupported
openai-responses | 400 | unsupported_parameter | unsupported
openai-responses | 401 | invalid_api_key | auth_invalid
openai-responses | 429 | insufficient_quota | billing
openrouter | 200 | 400 | invalid_request | Token limit reached
openrouter | 200 | 400 | invalid_request | Provider returned error
openrouter | 200 | 502 | server_error
openrouter | 200 | invalid_request | invalid_request
openrouter | 200 | provider_unavailable | content_output | Upstream error from Alibaba
openrouter | 400 | - | invalid_request | Provider returned error: atlascloud
openrouter | 400 | - | invalid_request | Provider returned error: chutes
openrouter | 400 | - | invalid_request | Provider returned error: together
openrouter | 400 | - | invalid_request | Provider returned error: xai: Invalid request content
openrouter | 400 | - | model_not_found | bad/model is not a valid model ID
openrouter | 401 | - | auth_invalid
openrouter | 403 | - | content_input | Provider returned error: xai: Content violates
openrouter | 404 | - | model_not_found | No endpoints found for
openrouter | 404 | - | model_not_found | The alpha period for this model has ended
openrouter | 404 | - | unsupported | No endpoints found that support
openrouter | 429 | - | capacity | Provider returned error
openrouter | 429 | - | rate_limit | Rate limit exceeded: free-models-per-min
openrouter | 429 | - | rate_limit | Rate limit exceeded: limit_rpm/
perplexity | 400 | invalid_model | model_not_found
perplexity | 400 | too_many_prompt_tokens | context_overflow
perplexity | 401 | - | auth_invalid
perplexity | 401 | invalid_api_key | auth_invalid
pollinations | 400 | - | invalid_request
pollinations | 500 | - | invalid_request
together | 401 | invalid_api_key | auth_invalid
together | 404 | model_not_available | model_not_found
venice | 404 | - | model_not_found
vertex-gemini | 400 | FAILED_PRECONDITION | region_blocked
vertex-gemini | 400 | INVALID_ARGUMENT | invalid_request
vertex-gemini | 403 | SERVICE_DISABLED | permission
vertex-gemini | 404 | NOT_FOUND | model_not_found
vertex-gemini | 429 | RATE_LIMIT_EXCEEDED | quota_window
xai | 400 | Client specified an invalid argument | invalid_request
xai | 400 | Client specified an invalid argument | unsupported | Model grok-code-fast-1
xai | 404 | Some requested entity was not found | model_not_found
xai | 404 | Some requested entity was not found | model_retired | The model grok-beta was deprecated
xai-responses | 400 | invalid-argument | auth_invalid | Incorrect API key provided
xai-responses | 400 | invalid-argument | model_not_found | Model not found
xiaomi | 400 | - | invalid_request
xiaomi | 400 | - | model_not_found | Param Incorrect: Not supported model
xiaomi | 400 | BadRequestError | invalid_request
xiaomi | 401 | invalid_key | auth_invalid
xiaomi | 404 | - | unsupported
"""


def in_band(text: str) -> Iterator[Any]:
    """Find the error payloads in an answer under HTTP 200: its body, its events, its lines."""
    if '"error"' not in text and '"base_resp"' not in text:
        return
    whole = text.lstrip().startswith(("{", "["))
    for line in _lines(text, whole=whole):
        for event in line if isinstance(line, list) else [line]:
            holders = [event, event.get("response") or {}, event.get("x_groq") or {}]
            holders += event.get("choices") or []
            coded = (event.get("base_resp") or {}).get("status_code")
            if coded or any(isinstance(holder, dict) and holder.get("error") for holder in holders):
                yield event


def _lines(text: str, *, whole: bool) -> Iterator[Any]:
    pieces = [text] if whole and _parsed(text) is not None else text.splitlines()
    for piece in pieces:
        raw = piece.removeprefix("data:").strip()
        if '"error"' in raw or '"base_resp"' in raw:
            event = _parsed(raw)
            if isinstance(event, dict | list):
                yield event


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # other words than data, or a recording that was cut
        return None


def payloads(record: dict[str, Any]) -> Iterator[Any]:
    """Return the bodies of the refusals in one recording; most have none."""
    text = record["response_body"] or ""
    if record["status"] >= 400:
        yield text.encode()
    else:
        yield from in_band(text)


def refused() -> Iterator[tuple[str, int, ProviderError]]:
    """Classify every recorded refusal: the provider, the HTTP status, the error."""
    for record in recordings.records():
        sent = record["response_headers"] or {}
        headers = {k: v if isinstance(v, str) else v[0] for k, v in sent.items()}
        provider, status = record["provider"], record["status"]
        card_name = HOUSES.get(provider, provider)
        for body in payloads(record):
            yield (
                provider,
                status,
                error_from_response(card_name, status=status, headers=headers, body=body),
            )


def judgement(provider: str, status: int, error: ProviderError) -> str | None:
    """Look up what a person made of this group; the longest beginning counts."""
    rows = [[part.strip() for part in line.split("|")] for line in JUDGED.strip().splitlines()]
    group = [provider, str(status), error.code or "-"]
    fitting = [
        (len("".join(row[4:])), row[3])
        for row in rows
        if row[:3] == group and error.message.startswith("".join(row[4:]))
    ]
    return max(fitting)[1] if fitting else None
