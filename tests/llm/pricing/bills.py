"""Answers with the provider's own cost, beside the cost from tokens and prices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from scout_adapters.llm.pricing.price_list import Cost, cost_of
from scout_adapters.llm.wires.openai_chat.usage import dollars, usage_of
from tests.support import recordings

LISTS = {"xai": "x-ai", "azure-ai": "azure", "vercel-gateway": "vercel"}
"""The providers' names in genai-prices, where they differ; those of dialects are cut off."""

DIALECTS = ("-responses", "-messages")
STATING = ("cost", "cost_in_usd_ticks")


@dataclass(frozen=True)
class Bill:
    """One answer: the provider's charge and our own figure."""

    provider: str
    model: str
    id: str
    body: dict[str, Any]
    usage: dict[str, Any]
    tokens: UsageMetadata
    stated: Decimal
    ours: Cost

    @property
    def difference(self) -> Decimal | None:
        """US dollars of our figure above the provider's; None without a price."""
        return None if self.ours.usd is None else Decimal(repr(self.ours.usd)) - self.stated


def bills() -> Iterator[Bill]:
    """Read every recorded answer that names its price and counts its tokens."""
    for path in recordings.files():
        name = path.name.removesuffix(".jsonl.gz")
        for record in recordings.records(name):
            text = record["response_body"] or ""
            if record["status"] < 400 and any(f'"{field}"' in text for field in STATING):
                yield from _of(name, record)


def _of(name: str, record: dict[str, Any]) -> Iterator[Bill]:
    """Take the last word of an answer, as streams repeat themselves."""
    provider = name
    for dialect in DIALECTS:
        provider = provider.removesuffix(dialect)
    candidates = [bill for body in _events(record) if (bill := _bill(provider, record, body))]
    yield from candidates[-1:]


def _events(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    text = record["response_body"]
    lines = [text]
    if record["stream"]:
        lines = [each[5:].strip() for each in text.splitlines() if each.startswith("data:")]
    for line in lines:
        if line.lstrip().startswith("{"):
            event = _loaded(line)
            body = event.get("response") or event.get("message") or event
            if isinstance(body, dict):
                yield body


def _loaded(line: str) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:  # some recorders cut what was long
        return {}
    return event


def _bill(provider: str, record: dict[str, Any], body: dict[str, Any]) -> Bill | None:
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return None
    stated, tokens = dollars(body, usage), usage_of(usage)
    if stated is None or tokens is None:
        return None
    model = body.get("model") or record["model"]
    ours = cost_of(provider, model, tokens, prices=LISTS.get(provider, provider), metadata=body)
    exact = Decimal(repr(stated))
    return Bill(provider, model, record["id"], body, usage, tokens, exact, ours)
