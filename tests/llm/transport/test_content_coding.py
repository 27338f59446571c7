"""Encoded bodies: what is decoded, what corrupt data becomes, and how far one piece expands."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from scout_adapters.errors import MalformedResponse, ProviderError
from scout_adapters.llm.transport.body import MAX_BODY_BYTES, SLICE_BYTES
from scout_adapters.llm.transport.content_coding import (
    AsyncDecodedPieces,
    BodyDecoder,
    DecodedPieces,
    content_coding,
)

GROQ = "api.groq.com"
TEXT = json.dumps({"text": "h\u00e9llo " * 500}).encode()
RAW = zlib.compressobj(wbits=-15)
ENCODED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "x-gzip": ("x-gzip", gzip.compress(TEXT)),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without a header": ("deflate", RAW.compress(TEXT) + RAW.flush()),
    "gzip of two members": ("gzip", gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
    "not encoded after all": ("gzip", TEXT),
    "gzip with data after it": ("gzip", gzip.compress(TEXT) + b"more of no use" * 100),
}


def split(data: bytes, size: int) -> Iterator[bytes]:
    return iter([data[at : at + size] for at in range(0, len(data), size)])


async def asplit(data: bytes, size: int) -> AsyncIterator[bytes]:
    for piece in split(data, size):
        yield piece


@pytest.mark.parametrize("size", [2, 7, 100_000])
@pytest.mark.parametrize("kind", ENCODED)
async def test_an_encoded_body_is_decoded_however_it_is_split(kind: str, size: int) -> None:
    coding, data = ENCODED[kind]
    pieces = list(DecodedPieces(split(data, size), BodyDecoder(coding)))
    again = [p async for p in AsyncDecodedPieces(asplit(data, size), BodyDecoder(coding))]
    assert b"".join(pieces) == b"".join(again) == TEXT
    assert all(pieces)


@pytest.mark.parametrize("size", [1, 2])
def test_the_first_bytes_of_a_member_may_come_alone(size: int) -> None:
    first, second = gzip.compress(TEXT[:99]), gzip.compress(TEXT[99:])
    pieces = [first, *split(second[:size], 1), b"", second[size:]]
    assert b"".join(DecodedPieces(iter(pieces), BodyDecoder("gzip"))) == TEXT
    pieces = [first + second[:1], b"", second[1:2], second[2:]]
    assert b"".join(DecodedPieces(iter(pieces), BodyDecoder("gzip"))) == TEXT


@pytest.mark.parametrize("header", ["", "identity", " Identity "])
def test_an_unencoded_body_has_no_coding(header: str) -> None:
    assert content_coding({"content-encoding": header}) is None
    assert content_coding({}) is None


@pytest.mark.parametrize("header", ["zstd", "br", "gzip, gzip"])
def test_a_coding_that_was_not_offered_is_refused(header: str) -> None:
    with pytest.raises(MalformedResponse, match="was not offered"):
        content_coding({"content-encoding": header})


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_corrupt_data_is_a_decoding_error(coding: str) -> None:
    data = ENCODED[coding][1]
    wrong_trailer = data[:-4] + bytes(4)
    for pieces in ([b"\xff" * 8], [data[:1], b"\xff" * 8], [wrong_trailer]):
        with pytest.raises(httpx.DecodingError):
            list(DecodedPieces(iter(pieces), BodyDecoder(coding)))


def test_of_truncated_data_the_decoded_part_is_returned() -> None:
    data = gzip.compress(TEXT)[:-20]
    decoded = b"".join(DecodedPieces(split(data, 64), BodyDecoder("gzip")))
    assert 0 < len(decoded) <= len(TEXT)
    assert TEXT.startswith(decoded)


def test_one_piece_expands_no_further_than_a_body_may_be_long() -> None:
    bomb = zlib.compressobj(wbits=31)
    data = b"".join(bomb.compress(b"0" * 2**20) for _ in range(64)) + bomb.flush()
    pieces, sizes = DecodedPieces(iter([data]), BodyDecoder("gzip")), [0]
    tracemalloc.start()
    try:
        with pytest.raises(MalformedResponse, match="longer than 33554432 bytes"):
            sizes.extend(map(len, pieces))
        assert tracemalloc.get_traced_memory()[1] < 16 * SLICE_BYTES
    finally:
        tracemalloc.stop()
    assert max(sizes) == SLICE_BYTES
    assert MAX_BODY_BYTES - SLICE_BYTES <= sum(sizes) <= MAX_BODY_BYTES


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (gzip.compress(TEXT)[:-20], "not JSON"),
        (b"rubbish", "DecodingError"),
        (gzip.compress(b"0" * (MAX_BODY_BYTES + 1)), "longer than 33554432 bytes"),
    ],
    ids=["truncated", "corrupt", "bomb"],
)
async def test_a_body_that_cannot_be_decoded_is_the_providers_fault(
    data: bytes, says: str, providers: Any, groq: Any, asks: Any
) -> None:
    headers = {"content-encoding": "gzip"}
    providers.on(
        GROQ, lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(data))
    )
    for verb in ("invoke", "ainvoke"):
        with pytest.raises(ProviderError) as caught:
            await asks(verb)(groq(max_retries=0))
        assert isinstance(caught.value, MalformedResponse)
        assert says in caught.value.message


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("none", None),
        ("None", None),
        ("utf-8", None),
        ("binary", None),
        ("text/plain", None),
        ("aws-chunked", None),
        ("iso-8859-1, gzip", "gzip"),
        ("UTF8", None),
        ("chunked", None),
        ("identity, identity", None),
        (", ", None),
        ("gzip, identity", "gzip"),
        ("identity,GZIP", "gzip"),
        ("gzip, chunked", "gzip"),
        ("deflate, utf-8", "deflate"),
        ("gzip;q=1.0", "gzip"),
        ('"gzip"', "gzip"),
    ],
)
def test_names_that_are_no_coding_are_left_out(header: str, coding: str | None) -> None:
    assert content_coding({"content-encoding": header}) == coding


@pytest.mark.parametrize("header", ["gzip, gzip", "zstd, identity", "br", "gzip, deflate"])
def test_codings_that_the_request_did_not_offer_are_refused(header: str) -> None:
    with pytest.raises(MalformedResponse):
        content_coding({"content-encoding": header})
