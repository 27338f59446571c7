"""The hash chain of a log: each row contains writer, number and the hash of the row before.

A writer is one process with one log; rows of several writers may alternate. A row ends with
`"chain":{"writer":…,"seq":…,"prev":…,"hash":…}`: `hash` is the first half of the SHA-256 of all
bytes of the line up to it, `prev` the hash of the same writer's row before, "" for its first row.
The chain shows rows that were edited or lost. It is no protection from a forger, who can compute
hashes too.
"""

from __future__ import annotations

import os
import re
import secrets
from hashlib import sha256
from typing import NamedTuple

FIELD = b',"chain":{"writer":"'
HASH = b',"hash":"'
DIGITS = 32
"""Hexadecimal digits of a hash."""

_EMPTY = sha256()
"""Copied for each row: a new one would look the algorithm up in OpenSSL again."""

END = len(HASH) + DIGITS + len(b'"}}')
_LINK = re.compile(
    rb',"chain":\{"writer":"(?P<writer>[\w-]+)","seq":(?P<seq>\d{1,18})'
    rb',"prev":"(?P<prev>[0-9a-f]{32}|)","hash":"(?P<hash>[0-9a-f]{32})"\}\}'
)


def digest(part: bytes) -> bytes:
    """Return the hash of a part of a line: 32 hexadecimal digits."""
    hashed = _EMPTY.copy()
    hashed.update(part)
    return hashed.hexdigest()[:DIGITS].encode()


class Chain:
    """The chain of one writer; after a line that could not be written, a new chain is needed."""

    def __init__(self) -> None:
        self.writer = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._seq = 0
        self._prev = b""
        self._begin = FIELD + self.writer.encode() + b'","seq":'

    def link(self, body: bytes) -> bytes:
        """Return the next line of the log: a row's JSON with its link and a newline."""
        self._seq += 1
        number = str(self._seq).encode()
        part = b"".join((body[:-1], self._begin, number, b',"prev":"', self._prev, b'"'))
        self._prev = prev = digest(part)
        return b"".join((part, HASH, prev, b'"}}\n'))


class Link(NamedTuple):
    """The `chain` field of a line: writer, row number, hash of the previous row, and own hash."""

    writer: str
    seq: int
    prev: str
    hash: str
    sound: bool
    """Whether the hash matches the line."""


def link_of(line: bytes) -> Link | None:
    """Return the link of a line without its newline, None if it has none."""
    match = _LINK.fullmatch(line, max(line.rfind(FIELD), 0))
    if match is None:
        return None
    return Link(
        writer=match["writer"].decode(),
        seq=int(match["seq"]),
        prev=match["prev"].decode(),
        hash=match["hash"].decode(),
        sound=digest(line[:-END]) == match["hash"],
    )
