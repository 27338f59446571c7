"""One TLS context for all clients of a chaos run: each would load the certificates, in 25 ms."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

_shared_context = lru_cache(maxsize=8)(ssl.create_default_context)


@contextmanager
def shared_tls_context() -> Iterator[None]:
    """Give clients of other packages the same context; none of them opens a connection."""
    with patch.object(ssl, "create_default_context", _shared_context):
        yield
