"""Check the store of `SCOUT_STORE`: whether it answers, and keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scout_adapters.doctor.finding import Finding
from scout_adapters.errors import ConfigurationError, one_line
from scout_adapters.store.open_store import VARIABLE, resolve_address

MIN_VERSION = (6, 2)


def check_store(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find a store that cannot be used, or that may lose budgets; sends one request to it."""
    if not (address := environ.get(VARIABLE, "").strip()):
        return
    from scout_adapters.store.redis_server import RedisServer  # noqa: PLC0415  # rare
    from scout_adapters.store.redis_url import parse_redis_url  # noqa: PLC0415  # rare

    try:
        server = RedisServer(parse_redis_url(resolve_address(address)))
    except ConfigurationError as error:
        yield Finding("store", one_line(str(error), 300), f"correct {VARIABLE}")
        return
    try:
        info = _info(server.client)
    except Exception as error:  # noqa: BLE001  # redis-py's errors, when it is there; all are findings
        what = f"{server.url.label} does not answer: {one_line(str(error), 200)}"
        yield Finding("store", what, "start it, or correct its address, user and password")
        return
    finally:
        server.close()
    yield from _settings(server.url.label, info)


def _info(client: Any) -> Mapping[str, Any]:
    info = client.info()
    first = next(iter(info.values()), None)
    return first if isinstance(first, dict) and "redis_version" in first else info  # of a cluster


def _settings(label: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < MIN_VERSION:
        yield Finding("store", f"{label} is version {version}", "use Redis 6.2 or newer, or Valkey")
    if info.get("loading"):
        yield Finding("store", f"{label} is still loading its data", "wait", wrong=False)
    if (policy := info.get("maxmemory_policy")) and policy != "noeviction":
        what = f"{label} may drop budgets: its maxmemory-policy is {policy}"
        yield Finding("store", what, "set maxmemory-policy noeviction", wrong=False)
    if not info.get("aof_enabled"):
        what = f"{label} forgets budgets when it is killed: appendonly is off"
        yield Finding("store", what, "set appendonly yes, if budgets are in it", wrong=False)
