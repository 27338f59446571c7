"""The failure of a key source, apart from `key_source.py`, which loads with the first source."""

from __future__ import annotations


class KeySourceFault(Exception):  # internal: becomes a KeySourceError
    """A key source could not be read; the text contains no secret."""

    def __init__(self, message: str, ready_at: float) -> None:
        """`ready_at`: when the source may be read again (seconds of the call's clock)."""
        super().__init__(message)
        self.ready_at = ready_at
