"""The name of a conversation in its requests, by which a provider finds its cached prompt."""

from __future__ import annotations

from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine.affinity import CallConversation

WHY = "requests of one conversation then share the provider's prompt cache"


def add_cache_key(prepared: PreparedRequest, conversation: CallConversation) -> None:
    """Add the conversation's name to a new request whose prompt is long enough to be cached.

    The name is a digest: no id of a user or thread is sent. A name that the caller set stays, and
    none is added for a model that has refused the field. The request is changed in place, because
    a copy takes longer than all other steps; so no other object may refer to it yet.
    """
    card = prepared.spec
    caching = card.prompt_caching if card is not None else None
    if card is None or caching is None or not (caching.key_field or caching.key_header):
        return
    shortest = caching.shortest_for(card.known_model(prepared.model))
    if shortest is None or prepared.tokens < shortest:
        return
    name = caching.key_field
    if not name:
        name = caching.key_header
        prepared.headers = {**prepared.headers, name: conversation.digest.hex()}
    elif name in prepared.body or name in prepared.fixes.without:
        return
    else:
        prepared.body[name] = key = conversation.digest.hex()
        # At the end of the body, which is not encoded again and copied once.
        before = memoryview(prepared.content)[:-1]
        prepared.content = b"".join((before, f',"{name}":"{key}"}}'.encode()))
    prepared.changes = (*prepared.changes, f"{name} added: {WHY}")
