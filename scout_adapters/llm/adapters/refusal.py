"""Convert a `ProviderRefusal` of the transport or a wire to a classified `ProviderError`."""

from __future__ import annotations

from scout_adapters.errors import Phase, ProviderError, ProviderRefusal
from scout_adapters.llm.failures import error_from_response
from scout_adapters.llm.pricing.price_list import is_cost
from scout_adapters.llm.timeouts import AttemptContext
from scout_adapters.llm.transport.body import ERROR_STATUS


def error_from_refusal(
    refusal: ProviderRefusal, context: AttemptContext, phase: Phase = "first_token"
) -> ProviderError:
    """Return the classified error; `phase` applies to an error inside a response of status 200.

    Raise the result outside the handler of the refusal: an error's context is shown in crash
    reports, and the payload of the refusal may contain the key.
    """
    headers = refusal.headers
    error = error_from_response(
        context.provider,
        status=refusal.status,
        headers=context.progress.headers if headers is None else headers,
        body=refusal.payload,
        model=context.model,
        key_id=context.key_id,
        phase="headers" if refusal.status >= ERROR_STATUS else phase,
        redact=context.redact,
    )
    error.cost_usd = refusal.cost_usd if is_cost(refusal.cost_usd) else None
    return error
