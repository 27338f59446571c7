"""Three nodes of a cluster, and a master with a replica and a sentinel, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.support.redis_server import BINARY, LocalRedis, free_port
from tests.support.waiting import until

SLOTS = 16384
NODES = 3


class LocalCluster:
    """A cluster of masters; each has a third of the slots."""

    def __init__(self, folder: Path) -> None:
        ports = [free_port() for _ in range(NODES)]
        self.nodes: list[LocalRedis] = []
        for number, port in enumerate(ports):
            own = folder / str(number)
            own.mkdir()
            node = LocalRedis(own, "--cluster-enabled", "yes", "--cluster-port", str(port))
            self.nodes.append(node)
            first, last = number * SLOTS // NODES, (number + 1) * SLOTS // NODES - 1
            node.text("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
            self.nodes[0].text("CLUSTER", "MEET", "127.0.0.1", str(node.port), str(port))
        until(lambda: all(map(self._is_complete, self.nodes)))

    @property
    def url(self) -> str:
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port}?timeout=30"

    @staticmethod
    def _is_complete(node: LocalRedis) -> bool:
        state = node.text("CLUSTER", "INFO")
        return "cluster_state:ok" in state and f"cluster_known_nodes:{NODES}" in state

    def move_slot(self, key: str) -> None:
        """Move the slot of a key, with all keys in it, to the next node."""
        slot = self.nodes[0].text("CLUSTER", "KEYSLOT", key)
        source = int(slot) * NODES // SLOTS
        here, there = self.nodes[source], self.nodes[(source + 1) % NODES]
        ids = here.text("CLUSTER", "MYID"), there.text("CLUSTER", "MYID")
        assert there.text("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0]) == "OK"
        assert here.text("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1]) == "OK"
        words = here.command("CLUSTER", "GETKEYSINSLOT", slot, "100").decode().split("\r\n")
        keys = [word for word in words if word.startswith("scout")]
        to = ("127.0.0.1", str(there.port), "", "0", "5000")
        assert here.text("MIGRATE", *to, "KEYS", *keys) == "OK"
        for node in self.nodes:
            assert node.text("CLUSTER", "SETSLOT", slot, "NODE", ids[1]) == "OK"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()


@contextmanager
def sentinel_of(master: LocalRedis, folder: Path) -> Iterator[str]:
    """Run a sentinel that watches a master; yields the store's address."""
    assert BINARY is not None
    port, file = free_port(), folder / "sentinel.conf"
    file.write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor scout 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds scout 200\nsentinel failover-timeout scout 1000\n"
    )
    with subprocess.Popen(
        [BINARY, str(file), "--sentinel"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield f"redis+sentinel://127.0.0.1:{port}/scout?timeout=30"
        finally:
            process.kill()
