"""The tests themselves reach no other machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("connect", ["connect", "connect_ex"])
def test_no_test_reaches_another_machine(connect: str) -> None:
    with (
        socket.socket() as connection,
        pytest.raises(RuntimeError, match=r"Network is disabled for host '192\.0\.2\.1'"),
    ):
        getattr(connection, connect)(("192.0.2.1", 80))


def test_a_test_reaches_its_own_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
