"""Decode gzip and deflate response bodies, piece by piece."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping

import httpx

from scout_adapters._internal.redaction import PART_CHARS
from scout_adapters.errors import malformed
from scout_adapters.llm.transport.body import MAX_BODY_BYTES, SLICE_BYTES, too_long

COMPRESSED = frozenset(
    {"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"}
)
"""Codings that no request offers: https://www.iana.org/assignments/http-parameters."""

ENCODED = frozenset({"gzip", "x-gzip", "deflate"})
GZIP_OR_ZLIB = 47
"""zlib's `wbits`: the largest window, and a header of gzip or of zlib."""

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of each member of a gzip file."""

PLAIN = re.compile(rb"\s*(?:[{\[]|data:|event:|: )")
"""Matches the beginning of JSON or events: a proxy has decoded the body and left the header."""

RAW_DEFLATE = -15
"""zlib's `wbits`: no header, as some servers send `deflate`."""


def content_coding(headers: Mapping[str, str]) -> str | None:
    """Return the coding of a body, such as `gzip`; None if it is not encoded.

    Unknown names count as no coding, because some servers write a character set in this header.
    Raises `MalformedResponse` for a coding that the request did not offer: 64 KiB of zstd, or of
    gzip twice, expand to gigabytes.
    """
    if "content-encoding" not in headers:
        return None
    items = headers["content-encoding"].lower().split(",")
    names = (item.partition(";")[0].strip().strip('"') for item in items)  # some add `;q=1`
    coding = ", ".join(name for name in names if name in ENCODED or name in COMPRESSED)
    if not coding:
        return None
    if coding not in ENCODED:
        name = f" ({coding})" if coding.isalpha() and len(coding) < PART_CHARS else ""
        raise malformed(f"the answer has a content-encoding that was not offered{name}")
    return coding


class BodyDecoder:
    """Decompresses a body in slices. One piece may expand to at most `MAX_BODY_BYTES`."""

    def __init__(self, coding: str) -> None:
        self._decompressor = zlib.decompressobj(GZIP_OR_ZLIB)
        self._try_raw = coding == "deflate"
        self._may_be_plain = coding != "deflate"
        self._is_plain = False
        self._piece, self._at = b"", 0
        self._held = b""
        """The first byte of the next member, if a piece ended after it."""

        self._expanded = 0

    def decode(self, piece: bytes) -> bytes:
        """Return the first data of a piece; `rest` returns what follows.

        Empty if more is needed, or after the end. Raises `httpx.DecodingError` for corrupt data.
        """
        self._piece, self._at, self._expanded = self._held + piece, 0, 0
        self._held = b""
        if self._may_be_plain and piece:
            self._may_be_plain, self._is_plain = False, PLAIN.match(piece) is not None
        return self.rest()

    def rest(self) -> bytes:
        """Return the next data of the piece; empty if there is none.

        Raises `MalformedResponse` if the piece expands too far.
        """
        if self._is_plain:
            return self._next_input()
        while not self._decompressor.eof or self._next_member():
            data = self._decompressed(self._decompressor.unconsumed_tail or self._next_input())
            self._expanded += len(data)
            if self._expanded > MAX_BODY_BYTES:
                raise too_long(MAX_BODY_BYTES)
            is_used_up = self._at >= len(self._piece) and not self._decompressor.unused_data
            if data or is_used_up:
                return data
        return b""

    def _next_member(self) -> bool:
        """Begin the next member of a gzip file; return False if there is none.

        https://www.rfc-editor.org/rfc/rfc1952#section-2.2. Other data after the end is ignored.
        """
        unused = self._decompressor.unused_data
        start = min(self._at, len(self._piece)) - len(unused)
        if start < 0:  # it began in an earlier piece
            self._piece, self._at, start = unused + self._piece[self._at :], len(unused), 0
        if not self._piece.startswith(GZIP_MAGIC, start):
            if not unused and self._piece[start:] == GZIP_MAGIC[:1]:
                self._held = self._piece[start:]
            return False
        self._at = start
        self._decompressor = zlib.decompressobj(GZIP_OR_ZLIB)
        return True

    def _next_input(self) -> bytes:
        begin, self._at = self._at, self._at + SLICE_BYTES
        return self._piece[begin : self._at]

    def _decompressed(self, data: bytes) -> bytes:
        try:
            decompressed = self._decompressor.decompress(data, SLICE_BYTES)
        except zlib.error as error:
            if not self._try_raw:
                raise httpx.DecodingError(str(error)) from error
            self._decompressor, self._try_raw = zlib.decompressobj(RAW_DEFLATE), False
            return self._decompressed(data)
        self._try_raw = self._try_raw and not data
        return decompressed

    def finish(self) -> bytes:
        """Return the rest of the data at the end of the body. Truncated data raises no error."""
        return self._decompressor.flush()


class DecodedPieces(Iterator[bytes]):
    """The decoded pieces of a body, without empty ones."""

    def __init__(self, pieces: Iterator[bytes], decoder: BodyDecoder) -> None:
        self._pieces = pieces
        self._decoder = decoder

    def __next__(self) -> bytes:
        if data := self._decoder.rest():
            return data
        for piece in self._pieces:
            if data := self._decoder.decode(piece):
                return data
        if data := self._decoder.finish():
            return data
        raise StopIteration


class AsyncDecodedPieces(AsyncIterator[bytes]):
    """Twin of `DecodedPieces`."""

    def __init__(self, pieces: AsyncIterator[bytes], decoder: BodyDecoder) -> None:
        self._pieces = pieces
        self._decoder = decoder

    async def __anext__(self) -> bytes:
        if data := self._decoder.rest():
            return data
        async for piece in self._pieces:
            if data := self._decoder.decode(piece):
                return data
        if data := self._decoder.finish():
            return data
        raise StopAsyncIteration
