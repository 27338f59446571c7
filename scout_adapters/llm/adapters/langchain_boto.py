"""Set botocore clients of langchain-aws chat models to one request per call, with a timeout."""

from __future__ import annotations

from copy import copy
from typing import Any

from langchain_core.language_models import BaseChatModel

READ_TIMEOUT = 60
"""Seconds: botocore's default. A client does not state whether its user has set it."""


def single_attempt_client(client: Any) -> Any:
    """Return a copy of a botocore client that sends each request once; None for other objects.

    botocore repeats requests in a handler of the event `needs-retry`, which existing clients have
    no option to switch off. The copy also applies the timeout that `with_read_timeout` sets.
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
    """Return a copy of a client with changed attributes; `copy.copy` fails on such clients."""
    other = object.__new__(type(client))
    other.__dict__.update(client.__dict__, **attributes)
    return other


def _set_read_timeout(request: Any, **_: Any) -> None:
    """Set the read timeout of the client's configuration on a request.

    botocore's HTTP session reads it from the request's context (since 1.43); without it, the
    session's own timeout applies, which was set when the client was created.
    """
    context = getattr(request, "context", None) or {}
    if (config := context.get("client_config")) is not None:
        context.setdefault("read_timeout", config.read_timeout)


def with_read_timeout(model: BaseChatModel, seconds: float | None) -> BaseChatModel:
    """Return a copy of a chat model whose client waits at most `seconds` for the next bytes.

    A shorter timeout of the client stays, unless it is botocore's default. The model itself is
    returned if `seconds` is None or its client is not botocore's.
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
