"""Rules of embeddings APIs for request bodies; the messages are the APIs' own, where known.

OpenAI: https://platform.openai.com/docs/api-reference/embeddings/create and user reports of its
errors. Mistral and Google: user reports. No rule for other servers but the types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import count_tokens, mapping, objects
from scout_adapters.testing.model.vectors import vector_length
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scout_adapters.testing.http_messages import Json

MAX_GEMINI = 100
"""Texts of one request to Gemini."""

TASK_TYPES = frozenset(
    {
        "RETRIEVAL_QUERY",
        "RETRIEVAL_DOCUMENT",
        "SEMANTIC_SIMILARITY",
        "CLASSIFICATION",
        "CLUSTERING",
        "QUESTION_ANSWERING",
        "FACT_VERIFICATION",
        "CODE_RETRIEVAL_QUERY",
    }
)
"""https://ai.google.dev/api/embeddings#TaskType"""

GEMINI_FIELDS = frozenset({"model", "content", "taskType", "title", "outputDimensionality"})

INVALID_INPUT = (
    "'$.input' is invalid. Please check the API reference: "
    "https://platform.openai.com/docs/api-reference."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRules:
    """Limits and fields of one provider's API."""

    fields: frozenset[str]
    max_inputs: int
    max_tokens: int
    max_input_tokens: int = 8192
    refuses_empty: bool = False
    required: frozenset[str] = frozenset()
    """Fields that a body must have besides `model` and `input`."""

    too_many_inputs: str = ""
    too_many_tokens: str = ""
    code: str | None = None
    """The code of an error about the number of inputs or tokens; None for OpenAI's own."""


RULES: Mapping[str, EmbeddingRules] = {
    "openai": EmbeddingRules(
        fields=frozenset({"input", "model", "dimensions", "encoding_format", "user"}),
        max_inputs=2048,
        max_tokens=300_000,
        refuses_empty=True,
        too_many_inputs="Invalid 'input': array too long. Expected an array with maximum length "
        "{limit}, but got an array with length {number} instead.",
        too_many_tokens="Requested {number} tokens, max {limit} tokens per request",
    ),
    "mistral": EmbeddingRules(
        fields=frozenset(
            {"input", "model", "metadata", "output_dimension", "output_dtype", "encoding_format"}
        ),
        max_inputs=256,
        max_tokens=16_384,
        too_many_inputs="Too many inputs in request, split into more batches.",
        too_many_tokens="Too many tokens overall, split into more batches.",
        code="3210",
    ),
    "alibaba": EmbeddingRules(
        fields=frozenset({"input", "model", "dimensions", "encoding_format"}),
        max_inputs=10,
        max_tokens=81_920,
        too_many_inputs="<400> InternalError.Algo.InvalidParameter: Value error, batch size is "
        "invalid, it should not be larger than {limit}.: input.contents",
        code="InvalidParameter",
    ),
    "nvidia": EmbeddingRules(
        fields=frozenset(
            {"input", "model", "dimensions", "encoding_format", "input_type", "modality"}
            | {"truncate", "user"}
        ),
        max_inputs=8192,
        max_tokens=10**9,
        required=frozenset({"input_type"}),
    ),
}


LIKE_OPENAI = frozenset({"azure"})
"""Providers with OpenAI's rules."""


_CHAT_MODEL = re.compile(r"gpt-|o\d|chatgpt-")


def inputs_of(body: Json) -> Sequence[Any]:
    """Return the inputs of a body: texts, or lists of token numbers."""
    value = body.get("input")
    if isinstance(value, list) and not all(isinstance(item, int) for item in value):
        return value
    return [] if value == [] else [value]


def tokens_of(item: Any) -> int:
    """Return the tokens of one input."""
    return len(item) if isinstance(item, list) else count_tokens(str(item))


def check_openai(body: Json, provider: str) -> Iterator[Violation]:
    """Yield the reasons to refuse a body of OpenAI's form."""
    rules = RULES.get("openai" if provider in LIKE_OPENAI else provider)
    inputs = inputs_of(body)
    if not isinstance(body.get("model"), str):
        yield Violation("you must provide a model parameter")
    elif provider == "openai" and _CHAT_MODEL.match(body["model"]):
        yield Violation("You are not allowed to generate embeddings from this model", status=403)
    if not inputs or not all(isinstance(item, str | list) for item in inputs):
        yield Violation(INVALID_INPUT)
    dimensions = body.get("dimensions", body.get("output_dimension", 1))
    if not isinstance(dimensions, int) or dimensions < 1:
        yield Violation(f"Invalid value for 'dimensions': {dimensions}", param="dimensions")
    if rules is not None:
        yield from _check_rules(body, rules, inputs)


def _check_rules(body: Json, rules: EmbeddingRules, inputs: Sequence[Any]) -> Iterator[Violation]:
    for name in sorted(body.keys() - rules.fields):
        yield Violation(f"Unrecognized request argument supplied: {name}")
    for name in sorted(rules.required - body.keys()):
        yield Violation(f"'{name}' parameter is required for asymmetric models")
    if rules.refuses_empty and any(not item for item in inputs):
        yield Violation(INVALID_INPUT)
    model, dimensions = str(body.get("model")), body.get("dimensions")
    if dimensions is not None and "ada-002" in model:
        yield Violation("This model does not support specifying dimensions.")
    if dimensions is not None and dimensions > vector_length(model):
        most = vector_length(model)
        text = (
            f"Invalid value for 'dimensions' = {dimensions}. Must be less than or equal to {most}."
        )
        yield Violation(text, param="dimensions")
    yield from _check_sizes(rules, inputs)


def _check_sizes(rules: EmbeddingRules, inputs: Sequence[Any]) -> Iterator[Violation]:
    if (number := len(inputs)) > rules.max_inputs:
        text = rules.too_many_inputs.format(limit=rules.max_inputs, number=number)
        yield Violation(text, code=rules.code or "array_above_max_length", param="input")
    sizes = [tokens_of(item) for item in inputs]
    if (longest := max(sizes, default=0)) > rules.max_input_tokens:
        yield Violation(
            f"This model's maximum context length is {rules.max_input_tokens} tokens, however you "
            f"requested {longest} tokens ({longest} in your prompt; 0 for the completion). Please "
            "reduce your prompt; or completion length."
        )
    if (total := sum(sizes)) > rules.max_tokens:
        text = rules.too_many_tokens.format(limit=rules.max_tokens, number=total)
        if rules.code:
            yield Violation(text, code=rules.code)
        yield Violation(text, code="max_tokens_per_request", kind="max_tokens_per_request")


def text_of(item: Json) -> str:
    """Return the text of one request of a batch."""
    parts = objects(mapping(item.get("content")).get("parts"))
    return "".join(str(part.get("text", "")) for part in parts)


def check_gemini(body: Json, model: str) -> Iterator[Violation]:
    """Yield the reasons to refuse a body of `batchEmbedContents`."""
    items = objects(body.get("requests"))
    name = "BatchEmbedContentsRequest.requests"
    if not items:
        yield Violation(f"* {name}: requests is not specified\n")
    if len(items) > MAX_GEMINI:
        yield Violation(f"* {name}: at most {MAX_GEMINI} requests can be in one batch\n")
    for at, item in enumerate(items):
        where = f"{name}[{at}]"
        if item.get("model") != f"models/{model}":
            yield Violation(f"* {where}.model: model name must match the model in the URL\n")
        for field in sorted(item.keys() - GEMINI_FIELDS):
            yield Violation(
                f"Invalid JSON payload received. Unknown name \"{field}\" at 'requests[{at}]': "
                "Cannot find field."
            )
        if not text_of(item):
            yield Violation("* EmbedContentRequest.content contains an empty Part.\n")
        if item.get("taskType", "CLUSTERING") not in TASK_TYPES:
            yield Violation(f"Invalid value at 'requests[{at}].task_type'")
