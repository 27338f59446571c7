"""Block connections from tests to other machines.

The plugin pytest-recording can do this for each test, by fixtures that cost more time than most
tests. It is switched off in `pyproject.toml`; the guard of sockets is taken from it.
"""

from __future__ import annotations

import socket

from pytest_recording import network

from tests.support.reset import LIVE

_guards: list[object] = []


def _connects() -> tuple[object, ...]:
    return socket.socket.connect, socket.socket.connect_ex


def block_network() -> None:
    """Let sockets connect to the loopback address only, unless cassettes are recorded live."""
    if not LIVE:
        network.block(allowed_hosts=["127.0.0.1"])
        _guards[:] = _connects()


def renew_block() -> None:
    """Block again if a module that was imported since has put back what it found."""
    if not LIVE and _connects() != tuple(_guards):
        block_network()


def allow_network() -> None:
    """Let sockets connect to any address."""
    network.unblock()
