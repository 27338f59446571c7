"""The chain through a log: each row names its writer, its number and the row before it.

A writer is one process with one log, so rows of many processes may lie between each other. A row
ends with `"chain":{"writer":…,"seq":…,"prev":…,"hash":…}`: `hash` is the first half of the SHA-256
of all bytes of the line before it, `prev` the hash of the same writer's last row, "" for its first.
It shows what was changed by hand or lost; who can compute a hash can write a whole new chain.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

FIELD = b',"chain":{"writer":"'
HASH = b',"hash":"'
DIGITS = 32
END = len(HASH) + DIGITS + len(b'"}}')
_LINK = re.compile(
    rb',"chain":\{"writer":"(?P<writer>[\w-]+)","seq":(?P<seq>\d{1,18})'
    rb',"prev":"(?P<prev>[0-9a-f]{32}|)","hash":"(?P<hash>[0-9a-f]{32})"\}\}'
)


def digest(part: bytes) -> bytes:
    """Return the hash of a line's part, in hex."""
    return sha256(part).hexdigest()[:DIGITS].encode()


class Chain:
    """What one writer has written so far; where a line could not be written, begin another."""

    def __init__(self) -> None:
        self.writer = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._seq = 0
        self._prev = b""
        self._begin = FIELD + self.writer.encode() + b'","seq":%d,"prev":"%b"'

    def link(self, body: bytes) -> bytes:
        """Make the next line of a row's JSON; every call waits for it, so it calls little."""
        self._seq += 1
        part = body[:-1] + self._begin % (self._seq, self._prev)
        self._prev = prev = sha256(part).hexdigest()[:DIGITS].encode()
        return b'%b,"hash":"%b"}}\n' % (part, prev)


@dataclass(frozen=True, slots=True)
class Link:
    """What a line says of its place in the chain, and whether its bytes are what was written."""

    writer: str
    seq: int
    prev: str
    hash: str
    sound: bool


def link_of(line: bytes) -> Link | None:
    """Read a line's link; None where it has none. `line` comes without its end."""
    found = _LINK.fullmatch(line, max(line.rfind(FIELD), 0))
    if found is None:
        return None
    return Link(
        writer=found["writer"].decode(),
        seq=int(found["seq"]),
        prev=found["prev"].decode(),
        hash=found["hash"].decode(),
        sound=digest(line[:-END]) == found["hash"],
    )
