"""Ids of answers and tool calls, derived from a seed such as the number of the exchange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from functools import cached_property

_SECRET = b"the emulator's own, so that it knows its signatures again"
"""The key of signatures; recorded cassettes contain signatures with it."""


@dataclass(frozen=True)
class Ids:
    """The ids of one exchange."""

    seed: str

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self.seed.encode()).hexdigest()

    def hex(self, length: int) -> str:
        """Return hexadecimal digits, at most 64."""
        return self._digest[:length]

    def digits(self, length: int) -> str:
        """Return decimal digits, at most 70."""
        return str(int(self._digest, 16))[:length]

    def uuid(self) -> str:
        """Return a UUID."""
        return str(uuid.UUID(self._digest[:32]))

    def of(self, part: object) -> Ids:
        """Return the ids of a part, such as a tool call."""
        return Ids(f"{self.seed}/{part}")


def sign(text: str, first: bytes = b"\x12") -> str:
    """Return the signature of a text that clients must not change, such as reasoning."""
    return base64.b64encode(first + hmac.digest(_SECRET, text.encode(), "sha512")).decode()
