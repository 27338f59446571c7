"""The same store with a user of few rights, over TLS, behind sentinels, and in a cluster."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from scout_adapters.budget import Account, Hold
from scout_adapters.budget.redis_budgets import RedisBudgets
from scout_adapters.errors import BudgetError, ConfigurationError
from scout_adapters.store.facts import Fact
from scout_adapters.store.redis_server import StoreUnavailableError
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import parse_redis_url
from tests.store.conftest import Side
from tests.store.redis_cluster import LocalCluster, sentinel_of
from tests.store.test_shared_health import fail
from tests.support.redis_server import LocalRedis, needs_redis
from tests.support.waiting import until

ACCOUNT = Account("team {ä}", "user=ada", "2026-11", 100)
RIGHTS = "~scout:* &scout:* +@connection +@scripting +@hash +@sortedset +@set +@string +@pubsub"


def plays_in(url: str) -> None:
    """Share a refusal between two sides, and hold and settle money, at an address."""
    sides = [Side.of(RedisStore(parse_redis_url(url))) for _ in range(2)]
    for side in sides:
        until(lambda side=side: side.store.wait_until_connected(1))
    fail(sides[0], "refuse")
    until(lambda: sides[1].key().permanently_failed)
    budgets = RedisBudgets(url)
    hold = budgets.hold([ACCOUNT, ACCOUNT._replace(scope="")], 30)
    assert isinstance(hold, Hold)
    budgets.settle(hold, 10)
    assert [balance.spent for balance in budgets.balances(ACCOUNT.budget)] == [10, 10]
    for side in sides:
        side.store.close()
    budgets.close()


@needs_redis
def test_a_user_needs_few_rights(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        rights = (*RIGHTS.split(), "+pexpire", "+pttl", "+del", "+time")
        assert server.text("ACL", "SETUSER", "ada", "on", ">hunter2", *rights) == "OK"
        server.command("ACL", "SETUSER", "default", "off")
        plays_in(server.url.replace("://", "://ada:hunter2@"))
        with pytest.raises(BudgetError) as raised:
            RedisBudgets(server.url.replace("://", "://ada:wrong-1@")).hold([ACCOUNT], 1)
        assert "wrong-1" not in str(raised.value)


@needs_redis
def test_a_store_over_tls_is_verified(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with suppress(FileNotFoundError):
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
        names = ["-subj", "/CN=scout", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    if not certificate.exists():
        pytest.skip("no openssl on this machine")
    server = LocalRedis.over_tls(tmp_path, certificate, key)
    if server is None:
        pytest.skip("this redis-server has no TLS")
    with server:
        address = f"rediss://127.0.0.1:{server.port}?timeout=30"
        plays_in(f"{address}&ssl_ca_certs={certificate}")
        with pytest.raises(StoreUnavailableError, match=r"(?i)certificate"):
            RedisStore(parse_redis_url(address)).facts()


@needs_redis
def test_a_cluster_keeps_what_it_has_when_a_slot_moves(tmp_path: Path) -> None:
    with LocalCluster(tmp_path) as cluster:
        plays_in(cluster.url)
        store = RedisStore(parse_redis_url(cluster.url))
        (fact,) = store.facts()
        cluster.move_slot("scout:{health}:index")
        assert [each.subject for each in store.facts()] == [fact.subject]
        store.publish(Fact("key groq x y", "state", "quarantine", 50.0))
        until(lambda: len(store.facts()) == 2)
        store.close()


@needs_redis
def test_a_failover_of_the_sentinels_is_followed(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("master", "replica")]
    for folder in folders:
        folder.mkdir()
    with LocalRedis(folders[0], "--repl-diskless-sync-delay", "0") as master:
        followed = ("--replicaof", f"127.0.0.1 {master.port}")
        with LocalRedis(folders[1], *followed) as replica:
            until(lambda: b"master_link_status:up" in replica.command("INFO", "replication"))
            with sentinel_of(master, tmp_path) as url:  # finds replicas as it starts
                _play_failover(master, replica, url)


def _play_failover(master: LocalRedis, replica: LocalRedis, url: str) -> None:
    until(lambda: b"slaves=1" in _sentinel(url))
    budgets = RedisBudgets(url)
    until(lambda: _hold(budgets, 30))
    size = master.text("DBSIZE")
    until(lambda: replica.text("DBSIZE") == size)  # a master answers before its replica has it
    master.kill()
    until(lambda: _hold(budgets, 1))
    (balance,) = budgets.balances(ACCOUNT.budget)
    assert balance.held + balance.spent >= 31
    budgets.close()


def _hold(budgets: RedisBudgets, amount: int) -> bool:
    budgets.server._next_try = 0.0
    try:
        return isinstance(budgets.hold([ACCOUNT], amount), Hold)
    except BudgetError:
        return False


def _sentinel(url: str) -> bytes:
    port = int(url.partition("127.0.0.1:")[2].partition("/")[0])
    try:
        return LocalRedis.command_at(port, "INFO", "sentinel")
    except ConnectionError:
        return b""  # it starts


@pytest.mark.parametrize(
    "url",
    [
        "http://host",
        "redis:host",
        "redis+sentinel://host",
        "redis://host:port",
        "redis://host?timeout=soon",
        "",
    ],
)
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="store's address"):
        parse_redis_url(url)


def test_addresses_of_every_form_are_read() -> None:
    parsed = parse_redis_url("valkeys+cluster://ada:p%40ss@a:1,[::1]:2/?prefix=my&timeout=0.5")
    assert (parsed.topology, parsed.hosts) == ("cluster", (("a", 1), ("::1", 2)))
    assert (parsed.prefix, parsed.timeout) == ("my", 0.5)
    assert "p%40ss" not in f"{parsed!r} {parsed.label}"
    assert parse_redis_url("unix:///run/redis.sock").node_url == "unix:///run/redis.sock"
    assert parse_redis_url("redis+sentinel://a,b:2/main/3").hosts == (("a", 26379), ("b", 2))
