"""Embeddings on the emulator, which need no sockets."""

from __future__ import annotations

from typing import Any

import orjson

from scout_adapters import ScoutEmbeddings
from scout_adapters.testing import Emulator, Raw

SMALL = "openai/text-embedding-3-small"


def embeddings_of(emulator: Emulator, model: str = SMALL, **options: Any) -> ScoutEmbeddings:
    """Return embeddings of one model; the key is `sk-one` unless `api_keys` are given."""
    options.setdefault("api_keys", ["sk-one"])
    return ScoutEmbeddings(model=model, transport=emulator.transport(), **options)


def entry(emulator: Emulator, model: str, key: str, **options: Any) -> dict[str, Any]:
    """Return an entry of `models=[...]`."""
    return {"model": model, "api_key": key, "transport": emulator.transport(), **options}


def answer(*items: Any, **fields: Any) -> Raw:
    """Return an answer of OpenAI's form with these items as `data`."""
    return Raw(body=orjson.dumps({"object": "list", "data": [*items], **fields}))


def item(index: int | None, vector: Any) -> dict[str, Any]:
    """Return one item of `data`."""
    return {"embedding": vector} | ({} if index is None else {"index": index})


def sizes(emulator: Emulator) -> list[int]:
    """Return how many texts each request had."""
    return [len(exchange.body["input"]) for exchange in emulator.log]
