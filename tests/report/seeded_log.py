"""Makes a realistic audit log of any size, always the same for a seed.

    python -m tests.report.seeded_log audit.jsonl --rows 1000000 --seed 7

Ninety days of calls to eight providers: traffic follows days and weeks, keys are limited,
refused and run out of credit, a provider is down for an afternoon, calls are tried again.
"""

from __future__ import annotations

import argparse
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import orjson

from scout_adapters.audit.hash_chain import digest

Row = dict[str, Any]

END = datetime(2026, 11, 27, tzinfo=UTC)
DAYS = 90
WRITERS = 4
TAGS = ("search", "support", "summaries", "coding", "nightly", "evaluation")
OUTAGE = ("mistral", 0.62, 0.625)
"""A provider that is down, and between which parts of the time."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model in the log: prices in US dollars per million tokens, latency in seconds."""

    provider: str
    name: str
    keys: int
    share: float
    price: tuple[float, ...] = ()
    """Of input, output, read from the cache."""

    seconds: float = 2.0
    thinks: bool = False


MODELS = (
    Model("groq", "openai/gpt-oss-120b", 14, 0.30, (0.15, 0.6, 0.075), 0.7, thinks=True),
    Model("google", "gemini-3.5-flash", 9, 0.22, (0.3, 2.5, 0.03), 1.6, thinks=True),
    Model("anthropic", "claude-haiku-4-5", 6, 0.16, (1.0, 5.0, 0.1), 2.1),
    Model("anthropic", "claude-opus-4-6", 6, 0.03, (5.0, 25.0, 0.5), 7.5, thinks=True),
    Model("openai", "gpt-5-mini", 8, 0.12, (0.25, 2.0, 0.025), 3.4, thinks=True),
    Model("openrouter", "deepseek/deepseek-v4-flash", 3, 0.06, (0.2, 0.8, 0.05), 4.2),
    Model("mistral", "mistral-small-latest", 4, 0.06, (0.1, 0.3), 1.3),
    Model("minimax", "MiniMax-M2.7", 1, 0.03, (0.3, 1.2, 0.03), 5.0, thinks=True),
    Model("openai_compatible", "qwen3-30b-a3b", 0, 0.02, (), 6.0),
)

FAULTS = {
    "rate_limit": (429, "no", 24, "Rate limit reached on tokens per minute: limit 30000."),
    "capacity": (503, "no", 8, "The model is overloaded. Please try again later."),
    "server_error": (500, "no", 6, "The server had an error while processing your request."),
    "timeout_response": (None, "unknown", 4, "no token within 120 s"),
    "connect": (None, "no", 3, "connection refused"),
    "quota_window": (429, "no", 3, "You exceeded your current quota: requests per day."),
    "tool_call_invalid": (400, "unknown", 3, "Failed to call a function."),
    "stream_interrupted": (200, "yes", 2, "the stream ended without its last event"),
    "context_overflow": (400, "no", 2, "This model's maximum context length is 131072 tokens."),
    "content_output": (200, "yes", 1, "The answer was withheld by a filter."),
    "protocol": (200, "unknown", 1, "the answer is no JSON"),
    "model_not_found": (404, "no", 1, "The model does not exist or you do not have access to it."),
}
DEAD = {
    "auth_invalid": (401, "no", 0, "Invalid API key provided."),
    "billing": (402, "no", 0, "Your credit balance is too low."),
}


def key_of(model: Model, number: int) -> str:
    """Return the fingerprint of a made-up key."""
    return sha256(f"{model.provider}-{number}".encode()).hexdigest()[:8]


class Times:
    """Spreads the log over its days: more by day than by night, less at weekends, growing."""

    def __init__(self) -> None:
        self.start = END - timedelta(days=DAYS)
        hours = [self._weight(self.start + timedelta(hours=n)) for n in range(24 * DAYS)]
        self._sums = [0.0, *accumulate(hours)]

    def _weight(self, at: datetime) -> float:
        grown = 1 + (at - self.start) / timedelta(days=DAYS)
        return grown * (0.25 if at.weekday() > 4 else 1) * (0.15 if at.hour < 6 else 1)

    def at(self, part: float) -> datetime:
        """Return the time at which this part of the rows is written, from 0 to 1."""
        target = part * self._sums[-1]
        hour = min(bisect(self._sums, target), len(self._sums) - 1) - 1
        within = (target - self._sums[hour]) / (self._sums[hour + 1] - self._sums[hour])
        return self.start + timedelta(hours=hour + within)


class LogWriter:
    """Generates the log's calls, one after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self._users = [f"user-{number:02}" for number in range(40)]
        self._shares = [model.share for model in MODELS]

    def call(self, part: float) -> Iterator[Row]:
        """Yield a call's rows, without their times; `part` is how much of the log is written."""
        chance = self.chance
        model = chance.choices(MODELS, self._shares)[0]
        run: Row = {"run_id": str(UUID(int=chance.getrandbits(128), version=4))}
        whose: Row = {"tags": chance.sample(TAGS, 1 + (chance.random() < 0.2))}
        if chance.random() < 0.8:
            whose["user_id"] = chance.choices(self._users, range(1, 41))[0]
        for number in range(1, 6):
            key = key_of(model, chance.randrange(model.keys)) if model.keys else None
            about = {"number": number, "provider": model.provider, "model": model.name}
            about |= {"key_id": key} if key else {}
            outcome = self._outcome(model, key, part)
            if outcome in DEAD and chance.random() < 0.97:  # a refused key is rarely used again
                outcome, about["key_id"] = "ok", key_of(model, 0)
            if outcome == "capacity" and chance.random() < 0.5:
                skipped = {"number": number - 1, "outcome": "skipped", "waited_s": 0.0}
                skipped |= {"reason": "its circuit is open", "ready_in_s": 21.5}
                about.pop("key_id", None)
                yield {"event": "llm_attempt", **run, **whose, **about, **skipped}
                model = chance.choice(MODELS)
                continue
            yield {"event": "llm_intent", **run, **about}
            if chance.random() < 0.00002:  # killed
                return
            row = self._answer(model) if outcome == "ok" else self._failure(outcome, about)
            yield {"event": "llm_attempt", **run, **whose, **about, "waited_s": 0.0, **row}
            if outcome in {"ok", "stream_interrupted", "content_output", "cancelled"}:
                return
            model = model if chance.random() < 0.6 else chance.choice(MODELS)

    def _outcome(self, model: Model, key: str | None, part: float) -> str:
        """Draw the outcome of a request."""
        down, since, until = OUTAGE
        if model.provider == down and since <= part < until:
            return "capacity"
        if key == key_of(MODELS[0], 3) and part > 0.4:
            return "auth_invalid"
        if key == key_of(MODELS[2], 1) and 0.55 < part < 0.7:
            return "billing"
        if self.chance.random() < 0.0015:
            return "cancelled"
        if self.chance.random() < (0.07 if model.provider == "groq" else 0.025):
            return self.chance.choices(list(FAULTS), [fault[2] for fault in FAULTS.values()])[0]
        return "ok"

    def _failure(self, outcome: str, about: Row) -> Row:
        chance = self.chance
        if outcome == "cancelled":
            return {"outcome": outcome, "latency_s": self._seconds(1.0), "billed": "unknown"}
        status, billed, _, reason = FAULTS.get(outcome) or DEAD[outcome]
        row: Row = {"outcome": outcome, "reason": reason, "billed": billed}
        row |= {"latency_s": self._seconds(0.2)}
        row |= {"status": status} if status else {}
        if outcome == "rate_limit":
            row |= {"retry_after": round(chance.uniform(0.5, 60), 2)}
        if outcome == "stream_interrupted":
            row |= {"input_t": 900, "output_t": 120, "cost": 0.000207, "estimated": True}
        return row

    def _answer(self, model: Model) -> Row:
        chance = self.chance
        input_tokens = int(chance.lognormvariate(7.3, 1.0)) + 20
        output_tokens = int(chance.lognormvariate(5.6, 0.9)) + 1
        row: Row = {
            "outcome": "ok",
            "billed": "yes",
            "input_t": input_tokens,
            "output_t": output_tokens,
        }
        read = len(model.price) > 2 and chance.random() < 0.4
        cached = int(input_tokens * chance.uniform(0.3, 0.9)) if read else 0
        row |= {"cache_read_t": cached} if cached else {}
        if model.provider == "anthropic" and chance.random() < 0.15:
            row |= {"cache_write_t": int((input_tokens - cached) * 0.5) or 1}
        if model.thinks:
            row |= {"reasoning_t": int(output_tokens * chance.uniform(0.2, 0.8))}
        latency = self._seconds(model.seconds)
        row |= {"latency_s": latency, "request_id": f"req_{chance.getrandbits(64):016x}"}
        if chance.random() < 0.7:
            row |= {"first_token_s": round(latency * chance.uniform(0.1, 0.5), 6)}
        return row | self._bill(model, input_tokens, output_tokens, cached)

    def _bill(self, model: Model, input_tokens: int, output_tokens: int, cached: int) -> Row:
        if not model.price:
            return {"estimated": True} if self.chance.random() < 0.5 else {}
        kinds = ("input", "output", "cache_read")
        price = dict(zip(kinds, model.price, strict=False))
        cost = (input_tokens - cached) * price["input"] + output_tokens * price["output"]
        cost += cached * price.get("cache_read", 0)
        source = {"cost_source": "genai-prices", "priced_by": "genai-prices 0.2.3"}
        return {"cost": round(cost / 1e6, 10), **source, "price": price}

    def _seconds(self, usual: float) -> float:
        return round(self.chance.lognormvariate(0, 0.55) * usual, 6)

    def other(self) -> Row:
        """Return a row of another event: a chain, a tool, or an event of the user's own."""
        chance = self.chance
        kind = chance.choice(("chain_run", "tool_run", "nav", "brief"))
        if kind.endswith("_run"):
            return {"event": kind, "name": "lookup", "outcome": "ok", "latency_s": 0.1}
        cost = {"cost": 0.002} if kind == "brief" else {}
        return {"event": kind, "reason": "by hand", **cost}


def rows(count: int, seed: int = 7) -> Iterator[Row]:
    """Yield so many rows in the order of their times."""
    writer, times, written = LogWriter(seed), Times(), 0
    while written < count:
        part = written / count
        at = times.at(part)
        call = [writer.other()] if writer.chance.random() < 0.01 else writer.call(part)
        for row in call:
            if written == count:
                return
            yield {"time": at.isoformat(timespec="microseconds"), **row}
            at += timedelta(seconds=float(row.get("latency_s", 0.0)))
            written += 1


class Writer:
    """Writes chained rows as `audit.chain` describes; `AuditLog` writes the current time only."""

    def __init__(self, number: int) -> None:
        self._name = f"{number}-5eeded"
        self._seq, self._prev = 0, b""

    def line(self, row: Row) -> bytes:
        """Return the next line."""
        self._seq += 1
        link = f',"chain":{{"writer":"{self._name}","seq":{self._seq},"prev":"'.encode()
        part = orjson.dumps(row)[:-1] + link + self._prev + b'"'
        self._prev = digest(part)
        return part + b',"hash":"' + self._prev + b'"}}\n'


def write(path: Path, count: int, seed: int = 7, *, chained: bool = True) -> Path:
    """Write so many rows to `path`, in the chains of several writers, or plain."""
    writers = [Writer(number) for number in range(WRITERS)]
    with path.open("wb") as file:
        for number, row in enumerate(rows(count, seed)):
            plain = orjson.dumps(row) + b"\n"
            file.write(writers[number % WRITERS].line(row) if chained else plain)
    return path


def main() -> None:
    """Write the log that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    write(arguments.path, arguments.rows, arguments.seed)


if __name__ == "__main__":
    main()
