"""Two sides and a Redis server between them, each in a network namespace: links that can be cut.

It needs Linux, root and the program `ip`; no firewall.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal, Self

from tests.support.redis_server import BINARY
from tests.support.waiting import until

IP = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin")
CLIENT = shutil.which("redis-cli") or shutil.which("valkey-cli")
FOLDER = Path("/var/run/netns")
NEW_NETWORK = 0x40000000
"""`CLONE_NEWNET` of Linux."""

Cut = Literal["unreachable", "silent"]
"""How a link is cut: the side has no route, or its packets are lost without a word."""


def reason_against() -> str:
    """Return why namespaces cannot be used here; empty if they can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    if IP is None or BINARY is None or CLIENT is None:
        return "no ip, redis-server or redis-cli on this machine"
    name = f"scout{os.getpid()}t"
    if _ip("netns", "add", name, check=False):
        return "root may not create network namespaces here"
    _ip("netns", "del", name)
    return ""


def enter(namespace: str) -> None:
    """Move this thread, and what it starts from now on, into a network namespace."""
    with (FOLDER / namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), NEW_NETWORK):
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")


class PartitionedRedis:
    """A server in a namespace, and the sides "a" and "b", each with a link of its own to it.

    with PartitionedRedis(tmp_path) as network:
        network.cut("a", "silent")
        network.mend("a")
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = f"scout{os.getpid()}r"
        self.sides = {side: f"scout{os.getpid()}{side}" for side in "ab"}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._connect()
            self._start()
        except BaseException:  # raised again: what is half made is removed
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for namespace in (self._server, *self.sides.values()):
            _ip("netns", "del", namespace, check=False)

    def _connect(self) -> None:
        _ip("netns", "add", self._server)
        for number, (side, namespace) in enumerate(self.sides.items(), 1):
            _ip("netns", "add", namespace)
            here, there = ("link", "eth0"), ("peer", f"to-{side}")
            ends = (here[1], "netns", namespace), (there[1], "netns", self._server)
            _ip("link", "add", *ends[0], "type", "veth", "peer", *ends[1])
            for end, name, address in (
                (namespace, here[1], f"10.99.{number}.2/30"),
                (self._server, there[1], f"10.99.{number}.1/30"),
            ):
                _ip("-n", end, "addr", "add", address, "dev", name)
                _ip("-n", end, "link", "set", name, "up")

    def _start(self) -> None:
        _ip("-n", self._server, "link", "set", "lo", "up")
        assert IP is not None
        assert BINARY is not None
        place = ("--bind", "0.0.0.0", "--protected-mode", "no", "--dir", str(self._folder))
        line = [IP, "netns", "exec", self._server, BINARY, *place, "--save", ""]
        self._process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.command("PING") == "PONG")

    def command(self, *words: str) -> str:
        """Send one command at the server's own side, and return the answer as text."""
        line = ["netns", "exec", self._server, str(CLIENT), *words]
        run = subprocess.run([str(IP), *line], capture_output=True, text=True, check=False)
        return run.stdout.strip()

    def url(self, side: str) -> str:
        """Return the address of the server, seen from a side."""
        return f"redis://10.99.{1 + [*self.sides].index(side)}.1:6379"

    def cut(self, side: str, how: Cut) -> None:
        """Cut the link of a side."""
        self._set_link(side, how, "down")

    def mend(self, side: str, how: Cut) -> None:
        """Connect a side again."""
        self._set_link(side, how, "up")

    def _set_link(self, side: str, how: Cut, state: str) -> None:
        place = (self.sides[side], "eth0")
        if how == "silent":  # the other end: the side's own routes stay
            place = (self._server, f"to-{side}")
        _ip("-n", place[0], "link", "set", place[1], state)


def _ip(*words: str, check: bool = True) -> int:
    """Run `ip`; return its exit code."""
    finished = subprocess.run([str(IP), *words], capture_output=True, text=True, check=False)
    if check and finished.returncode:
        raise OSError(f"ip {' '.join(words)}: {finished.stderr.strip()}")
    return finished.returncode
