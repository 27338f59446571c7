"""What can be wrong with a cassette or with a test that plays one."""

from __future__ import annotations


class CassetteNotPlayed(AssertionError):
    """A cassette contains answers that were not requested: record it again."""


class CassetteWarning(UserWarning):
    """What a recording contains is not what the test has sent: a secret became `KEY`."""


class CassetteError(AssertionError):
    """A cassette cannot be played or written."""


class CassetteUnreadable(CassetteError):
    """A file is no cassette: it was edited into something else, or is of a newer version."""


class SecretInCassette(CassetteError):
    """A cassette contains what looks like a key, or would contain it if it were written."""


class SharedCassette(CassetteError):
    """Two tests have the same cassette."""


class RequestNotRecorded(BaseException):
    """A test sends a request of which its cassette has no answer that is left.

    It is no `Exception`: clients would try again, and fallbacks would hide it.
    """


class LateRequest(BaseException):
    """A thread or task sends a request after its test has ended."""


class LiveCallBlocked(BaseException):
    """A test sends a request to a real provider, which it may not."""
