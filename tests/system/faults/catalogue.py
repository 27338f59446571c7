"""The 88 faults: number, name, the verbs in which each can happen, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.verbs import ASYNC, STREAMS, SYNC, VERBS

ONLY_STREAMS = "a whole answer has no events"
ONLY_ASYNC = "only a task can be cancelled"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row: what goes wrong, where, and what must come of it."""

    number: int
    name: str
    outcome: str
    verbs: tuple[str, ...] = VERBS
    why_not: str = ""
    """Why the other verbs do not apply."""

    def __str__(self) -> str:
        return f"{self.number}"


def row(
    number: int, name: str, outcome: str, verbs: tuple[str, ...] = VERBS, why_not: str = ""
) -> Fault:
    return Fault(number=number, name=name, outcome=outcome, verbs=verbs, why_not=why_not)


NETWORK: tuple[Fault, ...] = (
    row(1, "DNS failure", "connect; same key again with back-off, then the next candidate"),
    row(2, "connection refused", "as 1, each try under 50 ms"),
    row(3, "connect timeout (SYN blackhole)", "connect within its timeout, no effect on the key"),
    row(
        4,
        "TLS handshake failure / expired cert / wrong host",
        "connect; a bad certificate is not tried again and is named",
    ),
    row(
        5,
        "accept then RST before request read",
        "protocol, and said to be perhaps billed; free only where no byte was sent",
    ),
    row(
        6,
        "request body write stalls (WriteTimeout)",
        "timeout_response, sent, perhaps billed; once",
    ),
    row(
        7,
        "proxy env var (HTTPS_PROXY) set to dead proxy",
        "connect, the proxy named without its password; passed by with trust_env=False",
    ),
    row(8, "pool exhausted (PoolTimeout)", "queue_full: ours, not the provider's; circuit closed"),
    row(
        9,
        "1000 concurrent calls, server accepts 10",
        "answered, or queue_full by the deadline; circuit closed",
        ASYNC,
        "a thousand tasks, not a thousand threads",
    ),
)

REFUSALS: tuple[Fault, ...] = (
    row(10, "401 structured", "auth_invalid: next key answers; the bad one is never asked again"),
    row(11, "401 empty body (Mistral)", "auth_invalid for an hour, then one live probe"),
    row(12, "401 on all keys within 60 s", "no key condemned, circuit open, next candidate"),
    row(
        13,
        "400 + API_KEY_INVALID (Gemini), 400 Incorrect API key (xAI)",
        "auth_invalid: next key answers",
    ),
    row(14, "400 ordinary", "raised at once, one request, key and circuit untouched"),
    row(
        15,
        "400 whose echoed prompt contains 429, quota, invalid api key",
        "still invalid_request",
    ),
    row(16, "403 leaked / suspended (message contains the key)", "auth_suspended, text redacted"),
    row(17, "403 Together context", "context_overflow, key untouched"),
    row(
        18,
        "403 region (OpenAI), 400 FAILED_PRECONDITION (Gemini)",
        "region_blocked: no other key, next candidate; asked last for an hour",
    ),
    row(19, "402 OpenRouter with Retry-After vs without", "rate_limit against billing"),
    row(20, "404 model", "one other key, then the next candidate"),
    row(21, "408 / 409", "transient: asked again"),
    row(22, "412 Fireworks suspended", "billing: next key"),
    row(
        23,
        "413 Cloudflare HTML (Anthropic) and 413 Groq TPM",
        "request_too_large: next candidate, not the next key",
    ),
    row(24, "422 with detail list (FastAPI/Mistral)", "invalid_request, its message from the list"),
    row(25, "429 + retry-after: 2", "other key at once; a single key is waited for"),
    row(
        26,
        "429 retry-after: 86400",
        "no sleep; key rests 1 h, or to the window's end; next candidate; retry_after on the error",
    ),
    row(
        27,
        "429 retry-after-ms, HTTP-date, past date, nan, inf, -1, 1e400, 20s, two headers",
        "what is a wait is waited, what is none is backed off",
    ),
    row(28, "429 HTTP-date with server clock 1 h off", "counts from the server's Date"),
    row(
        29,
        "429 Gemini RetryInfo 26 s / day quota / list-wrapped",
        "rate_limit 26 s / quota_window / the same",
    ),
    row(30, "429 OpenAI insufficient_quota four codes", "billing, no sleep"),
    row(31, "429 OpenRouter upstream", "capacity, key untouched"),
    row(32, "200 + retry-after: 61 (Anthropic real)", "success, no cooldown"),
    row(33, "200 + MiniMax base_resp for each code", "the kind of each code"),
    row(34, "500 + (1008) MiniMax", "billing, not server_error"),
    row(35, "498, 529, 503", "capacity: asked again, counts to the circuit, not to the key"),
    row(36, "500 x5 then 200", "retries within the budget; circuit opens at 5, then one probe"),
    row(37, "520-526 HTML from CDN", "server_error or timeout_response; no HTML in the message"),
    row(
        38, "200 HTML captive portal; 200 empty; 204; 200 null; 200 []", "protocol, not paid twice"
    ),
    row(39, "3xx redirect to other host (307 keeps body)", "never followed; protocol"),
    row(
        40,
        "100-continue, 103 early hints, informational flood",
        "ignored: 5000 of them are read past",
    ),
    row(41, "headers 1 MiB, 10 000 headers", "bounded: protocol, or read"),
    row(
        42,
        "gzip/deflate/br/zstd bomb",
        "protocol at 32 MiB decoded; br, zstd and twice packed are refused unread",
    ),
    row(43, "content-type wrong (octet-stream JSON, DeepSeek real)", "read"),
    row(
        44,
        "JSON with duplicate keys, NaN, 1e999, deep nesting, lone surrogates, BOM, UTF-16",
        "read, or protocol; never a crash",
    ),
    row(
        45,
        "content null / missing usage / unknown finish_reason / choices:null",
        "an answer, tokens estimated and flagged where unsaid; or protocol",
    ),
)


def stream(number: int, name: str, outcome: str) -> Fault:
    return row(number, name, outcome, STREAMS, ONLY_STREAMS)


STREAMING: tuple[Fault, ...] = (
    stream(46, "headers OK, no first token for T", "timeout_response at T, next candidate"),
    stream(
        47,
        "keep-alive comments for 10 min, no data",
        "comments hold off neither the first token's timer nor the idle one",
    ),
    stream(48, "error event before first token", "as the refusal it is: another answers, unseen"),
    stream(49, "error event after tokens", "stream_interrupted with the part and the inner kind"),
    stream(50, "connection reset mid-stream", "as 49"),
    stream(51, "chunked stream cut", "as 49"),
    stream(52, "close-delimited stream ends early with 200", "as 49, on every wire"),
    stream(53, "truncated gzip with clean chunk trailer", "as 52"),
    stream(
        54,
        "finish_reason seen, then error chunk, then usage, then [DONE] (real OpenRouter)",
        "the error wins, the usage is booked",
    ),
    stream(
        55,
        "terminal event but socket kept open 60 s",
        "ends at the terminal event, connection dropped",
    ),
    stream(56, "data after [DONE]", "ignored"),
    stream(
        57, "split anywhere: every byte, CRLF, multi-byte UTF-8, BOM, CR only", "the same answer"
    ),
    stream(58, "multi-line data:, missing space, event: only, id:, retry: 999999", "as SSE has it"),
    stream(
        59,
        "line of 100 MiB without newline; 10^6 tiny events",
        "protocol at 8 MiB; read within bounds",
    ),
    stream(60, "forged SSE inside model text", "stays text"),
    stream(
        61, "out-of-order / duplicate tool-call indexes, role empty (MiniMax)", "merged correctly"
    ),
    stream(
        62,
        "consumer stops iterating, generator collected, exception in consumer",
        "response closed, key and circuit free, outcome booked",
    ),
    stream(63, "consumer slower than producer", "the idle timer measures the server's silence"),
    stream(
        64,
        "usage only in last chunk and stream cut before it",
        "as 49: billed, tokens and cost estimated and flagged",
    ),
)

CANCELLED: tuple[Fault, ...] = (
    row(
        65,
        "task.cancel() at each await point",
        "CancelledError; nothing held, circuit untouched, outcome booked",
        ASYNC,
        ONLY_ASYNC,
    ),
    row(
        66,
        "asyncio.timeout around the call; cancel during backoff sleep",
        "as 65, and no further attempt",
        ASYNC,
        ONLY_ASYNC,
    ),
    row(
        67,
        "KeyboardInterrupt / SystemExit in sync path",
        "goes on to the caller; nothing held",
        SYNC,
        "an event loop ends by itself",
    ),
    row(68, "deadline shorter than retry-after", "no sleep: rate_limit at once"),
    row(69, "50 threads x 20 loops on one model object", "each call sent once, and answered"),
    row(70, "asyncio.run repeatedly with one model object", "works; clients end with their loop"),
    row(
        71, "ainvoke inside sync invoke fallback, nested loops, Jupyter", "works in a running loop"
    ),
    row(
        72,
        "os.fork() while another thread holds the lock; pre-fork; spawn",
        "the child asks with locks and connections of its own",
    ),
    row(73, "two half-open probes race", "exactly one is let through"),
    row(74, "probe cancelled", "the next one is let through at once"),
    row(75, "late success/failure from before OPEN", "ignored by the circuit"),
    row(76, "all keys cooling", "NoWorkingKey with the earliest time; waited for where allowed"),
    row(
        77,
        "key added/removed/rotated at run time, duplicates, whitespace, empty, 10k keys",
        "the keys of this moment, each once",
    ),
    row(
        78, "hedge enabled: loser answers first byte later", "no hedging: one request, however slow"
    ),
    row(79, "retry storm: 100 % failure", "at most 1.5 requests a call, then the open circuit's 0"),
    row(
        80,
        "LangChain with_retry, with_fallbacks, ModelRetry- and ModelFallbackMiddleware around us",
        "middleware asks once; with_retry stops at the open circuit",
    ),
)

STORAGE: tuple[Fault, ...] = (
    row(81, "wall clock -2 h / +2 h / jump during cooldown", "the cooldown stays as it was"),
    row(82, "suspend/resume (monotonic does not advance)", "no key is lost, none comes early"),
    row(
        83,
        "Redis down / slow / failover / -LOADING / script flushed",
        "calls go on without shared health; nothing is sent that a budget cannot book",
    ),
    row(
        84,
        "SQLite locked 30 s, full, corrupt, read-only, on NFS",
        "nothing is sent that a budget cannot book; what is booked stands",
    ),
    row(
        85,
        "kill -9 at named points",
        "killed after the request left: its intent stands, no torn row",
    ),
    row(86, "disk full in audit", "nothing is sent unaudited; no torn row counts"),
    row(
        87,
        "log handler raises / callback handler raises / audit sink raises",
        "callbacks change nothing; what audits may stop the call; nothing held",
    ),
    row(
        88,
        "model price table missing / price changes mid-run",
        "cost unknown, not naught; the price in force at the end, recorded",
    ),
)

ROWS: tuple[Fault, ...] = (*NETWORK, *REFUSALS, *STREAMING, *CANCELLED, *STORAGE)
FAULTS: Mapping[int, Fault] = {fault.number: fault for fault in ROWS}
