"""The server's own rate, by a client that is a socket and nothing else."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable

from canned.answers import STREAM_END

PROMPT = b'{"model":"gpt-5-mini","messages":[{"role":"user","content":"hello"}],"stream":%s}'


def request_of(path: str, *, stream: bool) -> bytes:
    """Return the bytes of a request."""
    body = PROMPT % (b"true" if stream else b"false")
    top = f"POST {path} HTTP/1.1\r\nhost: canned\r\ncontent-length: {len(body)}\r\n\r\n"
    return top.encode() + body


def is_whole(answer: bytes) -> bool:
    """Return whether an answer with a content length is complete."""
    top, separator, body = answer.partition(b"\r\n\r\n")
    return bool(separator) and len(body) >= int(top.split(b"content-length: ")[1].split(b"\r\n")[0])


def is_streamed(answer: bytes) -> bool:
    """Return whether a chunked answer is complete."""
    return answer.endswith(STREAM_END)


def answered(link: socket.socket, request: bytes, over: Callable[[bytes], bool]) -> bytes:
    """Send one request and return its answer, headers and all."""
    link.sendall(request)
    answer = b""
    while not over(answer):
        answer += link.recv(1 << 20)
    return answer


def seconds_each(port: int, path: str, times: int, *, stream: bool) -> float:
    """Return the seconds of a request and its answer over one kept connection."""
    request, over = request_of(path, stream=stream), is_streamed if stream else is_whole
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answered(link, request, over)
        began = time.perf_counter()
        for _ in range(times):
            answered(link, request, over)
        return (time.perf_counter() - began) / times


def rate_at_once(port: int, path: str, links: int, calls: int) -> float:
    """Return the answers per second over so many connections, each with one request on its way."""
    request = request_of(path, stream=False)
    with selectors.DefaultSelector() as selector:
        opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(links)]
        for link in opened:
            selector.register(link, selectors.EVENT_READ)
        began = time.perf_counter()
        for link in opened:
            link.sendall(request)
        done = 0
        while done < calls:
            for ready, _ in selector.select():
                received: socket.socket = ready.fileobj  # type: ignore[assignment]  # ours
                # The answer is smaller than a segment of the loopback: it comes in one piece.
                assert is_whole(received.recv(1 << 16))
                received.sendall(request)
                done += 1
        took = time.perf_counter() - began
        for link in opened:
            link.close()
    return done / took
