"""Decompress recorded answers: cassettes have no `content-encoding`, and secrets are searched."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import httpx

GZIP = b"\x1f\x8b"
"""The first bytes of data that gzip has compressed."""


def decompress(response: dict[str, Any]) -> None:
    """Decompress the body of an answer in vcrpy's form, and remove its `content-encoding`.

    vcrpy itself decodes gzip and deflate; httpx also zstd and br, if the request accepts them.
    """
    headers = response["headers"]
    name = next((name for name in headers if name.lower() == "content-encoding"), None)
    body = response["body"].get("string")
    if name is None or not isinstance(body, bytes):
        return
    values = headers.pop(name)
    value = ", ".join(values) if isinstance(values, list) else str(values)
    try:
        whole = httpx.Response(200, headers={"content-encoding": value}, content=body)
    except httpx.DecodingError:  # the client had decompressed it before it was recorded
        return
    response["body"]["string"] = whole.content


def decompressed(data: bytes) -> bytes:
    """Return what gzip has compressed; b"" for other data."""
    if not data.startswith(GZIP):
        return b""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return b""
