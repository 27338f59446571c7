"""Clients of botocore in chat models of langchain-aws: one request a call, and its timeout."""

from __future__ import annotations

from copy import copy
from typing import Any

from langchain_core.language_models import BaseChatModel

READ_TIMEOUT = 60
"""Seconds: botocore's default. A client does not state whether its user has set it."""


def single_attempt_client(client: Any) -> Any:
    """Return a copy of a botocore client that sends each request once; None if it is none.

    botocore repeats requests in a handler of the event `needs-retry`, in every retry mode; clients
    have no option for it once they exist. The copy also reads the timeout of `with_read_timeout`.
    """
    endpoint: Any = getattr(client, "_endpoint", None)
    emitter: Any = getattr(endpoint, "_event_emitter", None)
    if emitter is None or not hasattr(client, "meta"):
        return None
    name = client.meta.service_model.service_id.hyphenize()
    events = copy(emitter)
    events.unregister(f"needs-retry.{name}", unique_id=f"retry-config-{name}")
    events.register(f"before-send.{name}", _set_read_timeout)
    other_endpoint = copy(endpoint)
    other_endpoint._event_emitter = events  # noqa: SLF001  # botocore has no other way
    return _copy_of(client, _endpoint=other_endpoint)


def _copy_of(client: Any, **attributes: Any) -> Any:
    """Return a client with other attributes; `copy` looks for methods it has not yet."""
    other = object.__new__(type(client))
    other.__dict__.update(client.__dict__, **attributes)
    return other


def _set_read_timeout(request: Any, **_: Any) -> None:
    """Let a request have the timeout of its client's configuration.

    botocore's HTTP session reads it in the context of a request (since 1.43); without it, the
    timeout is that of the session, which was made with the client.
    """
    context = getattr(request, "context", None) or {}
    if (config := context.get("client_config")) is not None:
        context.setdefault("read_timeout", config.read_timeout)


def with_read_timeout(model: BaseChatModel, seconds: float | None) -> BaseChatModel:
    """Return a chat model whose client waits at most so long for the next bytes of an answer.

    A shorter timeout of the client stays, unless it is botocore's default.
    """
    client: Any = getattr(model, "client", None)
    config: Any = getattr(getattr(client, "meta", None), "config", None)
    if seconds is None or config is None:
        return model
    changed, own = copy(config), config.read_timeout
    changed.read_timeout = seconds if own in {None, READ_TIMEOUT} else min(seconds, own)
    meta = copy(client.meta)
    meta._client_config = changed  # noqa: SLF001  # botocore has no other way
    return model.model_copy(update={"client": _copy_of(client, meta=meta)})
