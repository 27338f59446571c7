"""The answer without a fault: the body is checked, then the protocol answers it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.http_messages import BodyPart, dumps
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.prompt_cache import FixedCache
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.http_messages import HttpReply, Json
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.protocols.protocol import EmulatedEndpoint

_NOT_JSON = Violation("We could not parse the JSON body of your request.")


def respond(
    context: FaultContext,
    body: Json | None,
    cache: PromptCache,
    endpoint: EmulatedEndpoint | None = None,
) -> HttpReply:
    """Answer a request, or refuse it if its address, headers or body violate a rule."""
    check_request = context.provider.check_request
    if check_request and (violation := check_request(context.request, context.arrived_at)):
        return _refuse(context, violation)
    if endpoint is not None and endpoint.answer_id and context.protocol.fetch is not None:
        fetched = context.protocol.fetch(context, endpoint)
        return _refuse(context, fetched) if isinstance(fetched, Violation) else fetched
    if body is None:
        return _refuse(context, _NOT_JSON)
    if context.scripted is not None and context.scripted.usage is not None:
        cache = FixedCache(cache.clock, tokens=context.scripted.usage.cached)
    violation = context.protocol.check(context, body)
    if violation is not None:
        return _refuse(context, violation)
    return context.protocol.answer(context, body, cache)


def _refuse(context: FaultContext, violation: Violation) -> HttpReply:
    refusal = context.refuse(
        violation.condition,
        message=violation.message,
        param=violation.param,
        code=violation.code,
        kind=violation.kind,
    )
    if violation.body is not None:
        refusal = replace(refusal, parts=(BodyPart(dumps(violation.body)),))
    return replace(refusal, status=violation.status or refusal.status)


def ids_of(provider: str, number: int) -> Ids:
    """Return the ids of an exchange, made of its number."""
    return Ids(f"{provider}/{number}")
