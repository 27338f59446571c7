"""The event loop of async calls, which must be asyncio's."""

from __future__ import annotations

import asyncio

from scout_adapters.errors.exceptions import ConfigurationError


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running event loop. Raises `ConfigurationError` under trio and curio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    raise ConfigurationError(
        "async calls need a running asyncio event loop, and there is none here: under trio or "
        "curio, call invoke() or stream() in a thread"
    )
