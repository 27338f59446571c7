"""The address of a Redis or Valkey server, and clients made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from scout_adapters.errors import ConfigurationError

Topology = Literal["standalone", "sentinel", "cluster"]

FORMS = (
    "redis://[user:password@]host:6379/0, rediss://… (TLS), unix:///path, "
    "redis+sentinel://host:26379,host/service, redis+cluster://host:7000,host (also valkey…)"
)
DEFAULT_PORTS = {"standalone": 6379, "sentinel": 26379, "cluster": 6379}
DEFAULT_PREFIX = "scout"
DEFAULT_TIMEOUT = 1.0
"""Seconds in which a server must answer."""


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """The parts of a store's address; `repr` shows neither user nor password."""

    topology: Topology
    hosts: tuple[tuple[str, int], ...]
    service: str
    """The name of the master at the sentinels."""

    prefix: str
    """What the names of all keys in the store begin with."""

    timeout: float
    node_url: str = field(repr=False)
    """The address of one server, as redis-py takes it; contains the password."""

    shares_quotas: bool = True
    """Whether processes share what is left of rate limits."""

    @property
    def label(self) -> str:
        """The address without user, password and options."""
        places = ",".join(f"{host}:{port}" for host, port in self.hosts) or "a socket"
        service = f"/{self.service}" if self.service else ""
        return f"{self.topology} Redis at {places}{service}"


PARTS = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?")
"""Matches the hosts with user and password, the path, and the options."""


def parse_redis_url(url: str) -> RedisUrl:
    """Return the parts of an address.

    Options of it: `prefix`, `timeout`, `quotas` (`on` or `off`), and those of redis-py.

    Raises: `ConfigurationError` for an address of another form; the message does not show it.
    """
    scheme, _, rest = url.strip().partition("://")
    base, _, suffix = scheme.replace("valkey", "redis").partition("+")
    topologies: dict[str, Topology] = {
        "": "standalone",
        "sentinel": "sentinel",
        "cluster": "cluster",
    }
    if not rest or base not in {"redis", "rediss", "unix"} or suffix not in topologies:
        raise ConfigurationError(f"the store's address has none of the forms {FORMS}")
    try:
        return _parse(base, topologies[suffix], rest)
    except ValueError:
        bad = "has a port, a timeout or another part that is not valid"
    raise ConfigurationError(f"the store's address {bad}; its forms are {FORMS}")


def _parse(base: str, topology: Topology, rest: str) -> RedisUrl:
    # `urlsplit` refuses several hosts of which one is in brackets, since Python 3.11.10.
    authority, path, query = re.match(PARTS, rest).groups("")  # type: ignore[union-attr]  # any text matches
    options = dict(parse_qsl(query))
    prefix = options.pop("prefix", DEFAULT_PREFIX)
    timeout = float(options.pop("timeout", DEFAULT_TIMEOUT))
    shares_quotas = ("off", "on").index(options.pop("quotas", "on")) == 1
    if base == "unix":
        node = f"unix://{authority}{path}"
        hosts: tuple[tuple[str, int], ...] = ()
    else:
        credentials, at, places = authority.rpartition("@")
        hosts = tuple(_host(place, DEFAULT_PORTS[topology]) for place in places.split(","))
        node = f"{base}://{credentials}{at}{_authority(*hosts[0])}"
    service = ""
    if topology == "sentinel":
        service, _, database = unquote(path.strip("/")).partition("/")
        path = f"/{database}" if database else ""
    if topology == "sentinel" and not service:
        raise ValueError
    if base != "unix":
        node += path
    further = f"?{urlencode(options)}" if options else ""
    return RedisUrl(topology, hosts, service, prefix, timeout, node + further, shares_quotas)


def _host(place: str, usual: int) -> tuple[str, int]:
    parts = urlsplit(f"//{place}")
    return parts.hostname or "localhost", parts.port or usual


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_installed() -> None:
    """Raise `ConfigurationError` if the extra `redis` is not installed."""
    if find_spec("redis") is None:
        why = "a Redis store needs the extra `redis`: pip install 'scout-adapters[redis]'"
        raise ConfigurationError(why)


def connect(url: RedisUrl, timeout: float | None = None) -> Any:
    """Return a client of redis-py, which connects on first use; `timeout` is in seconds."""
    redis: Any = import_module("redis")  # an extra
    options = _client_options(url.timeout if timeout is None else timeout)
    if url.topology == "standalone":
        return redis.Redis.from_url(url.node_url, **options)
    connection: Any = import_module("redis.connection")
    own = connection.parse_url(url.node_url)
    for name in ("host", "port", "connection_class"):
        own.pop(name, None)
    if url.node_url.startswith("rediss"):
        own["ssl"] = True
    if url.topology == "cluster":
        return _cluster(url, options | own)
    return _master(url, options | own)


def _client_options(seconds: float) -> dict[str, Any]:
    retry: Any = import_module("redis.retry")
    backoff: Any = import_module("redis.backoff")
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "decode_responses": True,
        "protocol": 2,
        # A step is tried once: our own pause decides when the server is tried again.
        "retry": retry.Retry(backoff.NoBackoff(), 0),
    }


def _cluster(url: RedisUrl, options: dict[str, Any]) -> Any:
    cluster: Any = import_module("redis.cluster")
    options.pop("db", None)
    nodes = [cluster.ClusterNode(host, port) for host, port in url.hosts]
    return cluster.RedisCluster(startup_nodes=nodes, **options)


def _master(url: RedisUrl, options: dict[str, Any]) -> Any:
    """Return a client of the master that the sentinels name; they may have no password."""
    module: Any = import_module("redis.sentinel")
    limits = ("socket_timeout", "socket_connect_timeout")
    at_sentinels = {name: options[name] for name in limits}
    sentinel = module.Sentinel(url.hosts, sentinel_kwargs=at_sentinels, **options)
    return sentinel.master_for(url.service)
