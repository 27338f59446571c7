"""Tokens and cost of an attempt: those that the answer states, or else an estimate."""

from __future__ import annotations

import sys

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.adapters.streamed_answer import StreamedAnswer
from scout_adapters.llm.pricing.price_list import priced_model
from scout_adapters.llm.pricing.record_costs import bill
from scout_adapters.llm.pricing.token_estimates import (
    answer_characters,
    estimated_usage,
    tokens_of_size,
)
from scout_adapters.llm.types import ModelAnswer, ProviderSpec


def partial_usage(
    spec: ProviderSpec, prepared: PreparedRequest, answer: StreamedAnswer, stated: float | None
) -> Json:
    """Return usage and cost of an answer that broke off; empty if nothing had arrived.

    `stated` is the cost in US dollars that the provider stated; without it, tokens and cost are
    estimated. At the interpreter's end, they are unknown if no answer was priced before.
    """
    if stated is not None:
        return billed_usage(spec, prepared, answer, answer.usage, {}, stated)
    if answer.usage is None and not answer.committed:
        return {}
    output_tokens = tokens_of_size(answer_characters(answer.shown))
    usage = estimated_usage(prepared.tokens, output_tokens, answer.usage)
    try:
        return {"estimated": True, **billed_usage(spec, prepared, answer, usage, {})}
    except ImportError:
        if not sys.is_finalizing():
            raise
        return {}  # a stream was left open until the interpreter ends, which imports no prices


def billed_usage(  # the parts of an attempt, on the path of every call
    spec: ProviderSpec,
    prepared: PreparedRequest,
    answer: StreamedAnswer,
    usage: UsageMetadata | None,
    metadata: Json,
    stated: float | None = None,
) -> Json:
    """Return tokens and cost as fields of a record.

    `stated` is the cost in US dollars that the provider stated; None to compute it from prices.
    """
    shown = answer.shown
    name = (shown[0].response_metadata if shown else metadata).get("model_name")
    model = priced_model(spec, prepared.billed_model(name), name)
    return bill(spec.name, model, usage, metadata, stated=stated, prices=spec.prices)


def usage_estimate(
    prepared: PreparedRequest,
    streamed: StreamedAnswer,
    answer: ModelAnswer,
    counted: UsageMetadata | None,
) -> UsageMetadata:
    """Estimate the tokens of an answer, whole or streamed, that came without counts of its output.

    Return `counted`, the provider's counts, of an answer without text.
    """
    output_characters = answer_characters(streamed.shown or [answer])
    if counted is not None and not output_characters:
        return counted
    return estimated_usage(prepared.tokens, tokens_of_size(output_characters), counted)
