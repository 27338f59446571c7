"""Block connections from tests to other machines.

The plugin pytest-recording can do this for each test, by fixtures that cost more time than most
tests. It is switched off in `pyproject.toml`; the guard of sockets is taken from it.
"""

from __future__ import annotations

from pytest_recording import network

from tests.support.reset import LIVE


def block_network() -> None:
    """Let sockets connect to the loopback address only, unless cassettes are recorded live."""
    if not LIVE:
        network.block(allowed_hosts=["127.0.0.1"])


def allow_network() -> None:
    """Let sockets connect to any address."""
    network.unblock()
