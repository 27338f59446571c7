"""What is logged of a store that cannot be used: a line for each outage and kind of fault."""

from __future__ import annotations

import logging

import pytest

from scout_adapters.store.redis_server import RedisServer, StoreUnavailableError
from scout_adapters.store.redis_url import parse_redis_url
from tests.store.faulty_server import faulty_server, lines_about
from tests.store.test_store_faults import ANSWERS, refuse


def test_another_kind_of_fault_at_one_address_is_logged_once_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = [
        *("Connection closed by server.", "Connection refused", "Redis is loading the dataset"),
        *("invalid username-password pair", "Connection refused", "Authentication required."),
    ]
    with faulty_server(ANSWERS["loading"]) as address, caplog.at_level(logging.WARNING):
        servers = [RedisServer(parse_redis_url(address)) for _ in range(2)]
        for turn in (1, 2):
            for fault in faults:
                for server in servers:
                    server.record_failure(OSError(fault))
            lines = lines_about(address, caplog)
            assert len(lines) == 3 * turn - 1
            assert "Connection closed" in lines[-2]
            assert "invalid username" in lines[-1]
            for server in servers:
                server._record_recovery()
            assert "can be used again" in lines_about(address, caplog)[-1]


def test_an_outage_is_logged_once_for_health_limits_and_budgets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with faulty_server(ANSWERS["loading"]) as address, caplog.at_level(logging.WARNING):
        url = parse_redis_url(address)
        servers = [RedisServer(url) for _ in range(3)]
        for server in servers:
            server._send = lambda _: refuse()  # type: ignore[method-assign]  # a fault
        for turn in range(2):
            for server in servers:
                server._next_try = 0.0
                with pytest.raises(StoreUnavailableError):
                    server.run([])
            assert len(lines_about(address, caplog)) == 2 * turn + 1
            for server in servers:
                server._record_recovery()
            assert len(lines_about(address, caplog)) == 2 * turn + 2
