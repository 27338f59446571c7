"""Embeddings of OpenAI's and Google's APIs: endpoints, rules, answers, in each provider's form."""

from __future__ import annotations

import re
from array import array
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from scout_adapters.testing.http_messages import JSON, TokensSpent, dumps
from scout_adapters.testing.model.chat_request import count_tokens, mapping, objects
from scout_adapters.testing.model.vectors import vector_of
from scout_adapters.testing.protocols import embedding_rules, gemini
from scout_adapters.testing.protocols.openai_dialects import DIALECTS
from scout_adapters.testing.protocols.protocol import (
    EmulatedEndpoint,
    EmulatedProtocol,
    EmulatedRequest,
    billed_reply,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.http_messages import HttpReply, Json
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.protocols.violation import Violation

_GEMINI_PATH = re.compile(r"/models/([A-Za-z0-9._%-]+):batchEmbedContents")
_UNCOUNTED = frozenset({"together"})
"""Providers whose answers have no token counts."""


def _endpoint(path: str) -> EmulatedEndpoint | None:
    return EmulatedEndpoint() if path == "/embeddings" else None


def _headers(provider: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return DIALECTS[provider.openai_dialect].headers(ids)


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    return next(embedding_rules.check_openai(body, request.provider.name), None)


def _answer(request: EmulatedRequest, body: Json, _: PromptCache) -> HttpReply:
    inputs = embedding_rules.inputs_of(body)
    tokens = sum(map(embedding_rules.tokens_of, inputs))
    length = body.get("dimensions") or body.get("output_dimension")
    vectors = [vector_of(request.model, str(text), length) for text in inputs]
    as_base64 = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, as_base64=as_base64)}
        for index, vector in enumerate(vectors)
    ]
    answer = {"object": "list", "data": data, "model": request.model}
    answer |= _usage(request.provider, tokens)
    spent, headers = TokensSpent(input=tokens), _headers(request.provider, request.ids)
    return billed_reply({"content-type": JSON, **headers}, dumps(answer), spent)


def _encoded(vector: Sequence[float], *, as_base64: bool) -> Any:
    if not as_base64:
        return vector
    return b64encode(array("f", vector).tobytes()).decode()


def _usage(provider: EmulatedProvider, tokens: int) -> Json:
    if provider.name in _UNCOUNTED:
        return {}
    usage: Json = {"prompt_tokens": tokens, "total_tokens": tokens}
    if provider.name == "openrouter" and provider.price is not None:
        usage["cost"] = provider.price.input * tokens / 1e9
    return {"usage": usage}


def _gemini_endpoint(path: str) -> EmulatedEndpoint | None:
    match = _GEMINI_PATH.fullmatch(path)
    return EmulatedEndpoint(unquote(match[1])) if match else None


def _gemini_headers(_: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return gemini.headers(ids)


def _check_gemini(request: EmulatedRequest, body: Json) -> Violation | None:
    return next(embedding_rules.check_gemini(body, request.model), None)


def _gemini_answer(request: EmulatedRequest, body: Json, _: PromptCache) -> HttpReply:
    items = objects(body["requests"])
    texts = [embedding_rules.text_of(item) for item in items]
    tokens = sum(map(count_tokens, texts))
    embeddings = [
        {"values": vector_of(request.model, text, item.get("outputDimensionality"), _task(item))}
        for item, text in zip(items, texts, strict=True)
    ]
    answer: Json = {"embeddings": embeddings}
    if "embedding-001" not in request.model:
        answer["usageMetadata"] = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    headers = {"content-type": "application/json; charset=UTF-8", **gemini.headers(request.ids)}
    return billed_reply(headers, dumps(answer), TokensSpent(input=tokens))


def _task(item: Json) -> str:
    return str(mapping(item).get("taskType") or "")


OPENAI_EMBEDDINGS = EmulatedProtocol(
    name="openai-embeddings",
    endpoint=_endpoint,
    headers=_headers,
    check=_check,
    answer=_answer,
)

GEMINI_EMBEDDINGS = EmulatedProtocol(
    name="gemini-embeddings",
    endpoint=_gemini_endpoint,
    key_header="x-goog-api-key",
    headers=_gemini_headers,
    check=_check_gemini,
    answer=_gemini_answer,
)
