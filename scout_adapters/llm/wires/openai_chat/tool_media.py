"""Media in tools' results: their messages carry text only, so the user shows the rest after them.

https://platform.openai.com/docs/api-reference/chat/create, and so it is at the other makers but
for OpenRouter, which takes images in tool messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat.dialect import dialect_of

BELOW = "(shown below)"


def media_after_results(turns: Sequence[Turn], spec: ProviderSpec) -> Sequence[Turn]:
    """Move media out of tools' results, behind the last result of the step."""
    if not any(turn.role == "tool" and _media(turn, spec) for turn in turns):
        return turns
    made: list[Turn] = []
    waiting: list[Json] = []
    for turn in turns:
        if turn.role == "tool":
            media = _media(turn, spec)
            waiting += media and [_label(turn), *media]
            made.append(_told(turn, media))
            continue
        if waiting and turn.role == "user":
            made.append(replace(turn, blocks=[*waiting, *turn.blocks]))
        else:
            made += [*_showing(waiting, turn.at), turn]
        waiting = []
    return [*made, *_showing(waiting, turns[-1].at)]


def _media(turn: Turn, spec: ProviderSpec) -> list[Json]:
    stays = {"text", "native"} | ({"image"} if "tool_images" in dialect_of(spec).takes else set())
    return [block for block in turn.blocks if block["type"] not in stays]


def _told(turn: Turn, media: Sequence[Json]) -> Turn:
    """Keep of a result what its message can say; it must say something."""
    if not media:
        return turn
    rest = [block for block in turn.blocks if not any(block is one for one in media)]
    return replace(turn, blocks=rest or [{"type": "text", "text": BELOW}])


def _label(turn: Turn) -> Json:
    """Say where the media come from; the name may be unknown, the id never is."""
    name = turn.tool_name or "the tool"
    return {"type": "text", "text": f"From {name} ({turn.tool_call_id}):"}


def _showing(media: Sequence[Json], at: int) -> list[Turn]:
    return [Turn(role="user", blocks=media, at=at)] if media else []
