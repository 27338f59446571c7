"""Turns, and the body in the form of Chat Completions that they become."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

DIALECT = frozenset(field.name for field in fields(ChatCompletionsDialect))


def card(**options: Any) -> ProviderSpec:
    dialect = {name: options.pop(name) for name in DIALECT & options.keys()}
    return ProviderSpec(
        name="openai",
        docs="https://platform.openai.com/docs",
        wire=WIRE,
        base_url="https://api.openai.com",
        dialect=ChatCompletionsDialect(**dialect),
        **options,
    )


PLAIN = card()


def user(*blocks: Json, **more: Any) -> Turn:
    return Turn(role="user", blocks=blocks, at=0, **more)


def text(words: str, **more: Any) -> Json:
    return {"type": "text", "text": words, **more}


def build(spec: ProviderSpec = PLAIN, turns: tuple[Turn, ...] = (), **fields: Any) -> Json:
    return WIRE.build_body(ChatRequest(model="m", messages=(), **fields), turns, spec)
