"""The name of a conversation in its requests, by which a provider finds its cached prompt."""

from __future__ import annotations

from dataclasses import replace

from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.affinity import CallConversation

WHY = "requests of one conversation then share the provider's prompt cache"


def with_cache_key(prepared: PreparedRequest, conversation: CallConversation) -> PreparedRequest:
    """Return a request that names its conversation, if its prompt is long enough to be cached.

    The name is a digest: no id of a user or thread is sent. A name that the caller set stays, and
    none is added to a model that has refused the field.
    """
    card = prepared.spec
    caching = card.prompt_caching if card is not None else None
    if card is None or caching is None or not (caching.key_field or caching.key_header):
        return prepared
    shortest = caching.shortest_for(card.known_model(prepared.model))
    if shortest is None or prepared.tokens < shortest:
        return prepared
    if caching.key_header:
        return _in_header(prepared, caching.key_header, conversation)
    name = caching.key_field
    if name in prepared.body or name in prepared.fixes.without:
        return prepared
    return _in_body(prepared, name, conversation)


def _in_header(prepared: PreparedRequest, name: str, of: CallConversation) -> PreparedRequest:
    headers = {**prepared.headers, name: of.digest.hex()}
    changes = (*prepared.changes, f"{name} added: {WHY}")
    return replace(prepared, headers=headers, changes=changes)


def _in_body(prepared: PreparedRequest, name: str, of: CallConversation) -> PreparedRequest:
    """Add the field at the end of the body, which is not encoded again."""
    key = of.digest.hex()
    field = f',"{name}":"{key}"}}'.encode()
    return replace(
        prepared,
        content=prepared.content[:-1] + field,
        body={**prepared.body, name: key},
        changes=(*prepared.changes, f"{name} added: {WHY}"),
    )
