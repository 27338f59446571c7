"""How providers of the Responses API deviate from OpenAI: the `dialect=` of a card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from scout_adapters._internal.json_values import Json, objects
from scout_adapters.llm.types import Dialect, ProviderSpec

NOT_REASONING = re.compile(
    r"(.*/)?(gpt-[34]|chatgpt-|gpt-[5-9].*-chat|grok-(2|3(?!-mini)|.*-non-))"
)
"""Models that do not reason; they answer a request for encrypted reasoning with a 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsesDialect(Dialect):
    """What a provider adds to the Responses API, and what of it it refuses.

    Example:
        dialect = ResponsesDialect(encrypts_reasoning=False)
        spec = ProviderSpec(name="nebula", wire=WIRE, dialect=dialect, docs=..., base_url=...)

    """

    encrypts_reasoning: bool = True
    """Whether it returns encrypted reasoning on request, for models that reason."""

    not_reasoning: re.Pattern[str] = NOT_REASONING
    """Models (matched from the start) whose requests have no `include` for encrypted reasoning."""

    stores: bool = False
    """Whether a response is stored at the provider unless the caller sets `store`."""

    takes: frozenset[str] = frozenset()
    """What it accepts and OpenAI does not: `audio`."""

    refuses: frozenset[str] = frozenset()
    """What it refuses though OpenAI accepts it: `image`, `file`."""


DEFAULT = ResponsesDialect()
MEDIA = frozenset({"image", "audio", "video", "file"})
TAKEN = frozenset({"image", "file"})


def dialect_of(spec: ProviderSpec) -> ResponsesDialect:
    """Return the card's dialect, or the default one."""
    # ProviderSpec checks the class.
    return cast("ResponsesDialect", spec.dialect) if spec.dialect else DEFAULT


def searches_dearly(body: Json) -> bool:
    """Return whether a search has the fee of OpenAI's preview tool at models that do not reason.

    `body` is that of a request or of its response: https://developers.openai.com/api/docs/pricing.
    """
    kinds = (str(tool.get("type")) for tool in objects(body.get("tools")))
    preview = any(kind.startswith("web_search_preview") for kind in kinds)
    return preview and NOT_REASONING.match(str(body.get("model"))) is not None


def unsupported_media(spec: ProviderSpec) -> frozenset[str]:
    """Return the types of media that this provider refuses."""
    dialect = dialect_of(spec)
    return MEDIA - (TAKEN | dialect.takes) | dialect.refuses
