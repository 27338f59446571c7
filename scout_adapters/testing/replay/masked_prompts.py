"""Secrets in prompts, which recording replaces by a mask: how many, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from scout_adapters._internal.wording import counted
from scout_adapters.testing.scrubbing.scrubber import MASK, text_of

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange

MaskedPlace = tuple[str, int]
"""A place in a body (`$.messages[0].content`), and the number of secrets that were masked there."""

MOST_PLACES = 4
"""Places in a message."""


def masked_places(sent: Recorded, scrubbed: Recorded) -> list[MaskedPlace]:
    """Return where the body of a request differs from the scrubbed one."""
    return list(_changes(_value(sent.body), _value(scrubbed.body), "$"))


def _value(body: Any) -> Any:
    if isinstance(body, dict | list):  # aiohttp's argument `json`
        return body
    text = text_of(body)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _changes(sent: Any, scrubbed: Any, place: str) -> Iterator[MaskedPlace]:
    if isinstance(sent, dict) and isinstance(scrubbed, dict):
        for (name, ours), theirs in zip(sent.items(), scrubbed.values(), strict=False):
            yield from _changes(ours, theirs, f"{place}.{name}")
    elif isinstance(sent, list) and isinstance(scrubbed, list):
        for at, (ours, theirs) in enumerate(zip(sent, scrubbed, strict=False)):
            yield from _changes(ours, theirs, f"{place}[{at}]")
    elif isinstance(sent, str) and isinstance(scrubbed, str) and sent != scrubbed:
        yield place, max(scrubbed.count(MASK) - sent.count(MASK), 1)


def masked_text(
    shown: str,
    exchanges: Sequence[Exchange],
    masked: Sequence[tuple[Recorded, Sequence[MaskedPlace]]],
) -> str:
    """Return the warning about masked secrets; "" if there are none.

    `exchanges` are in the order of the file, `masked` has scrubbed requests with their places.
    """
    numbers = {id(request): number for number, (request, _) in enumerate(exchanges, 1)}
    places = sorted(
        (numbers[id(request)], place, count)
        for request, found in masked
        if id(request) in numbers
        for place, count in found
    )
    if not places:
        return ""
    secrets = counted(sum(count for *_, count in places), "secret")
    lines = [f"interaction {number}, {place}" for number, place, _ in places[:MOST_PLACES]]
    lines += ["..."] if len(places) > MOST_PLACES else []
    return (
        f"{shown}: {secrets} in the prompt became {MASK} ({'; '.join(lines)});"
        " prompts that differ only there get the same answer"
    )
