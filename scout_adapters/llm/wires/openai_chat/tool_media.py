"""Move media out of tool results into a user message after them: tool messages carry text only.

https://platform.openai.com/docs/api-reference/chat/create. OpenRouter alone accepts images in tool
messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import Turn
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect

PLACEHOLDER = "(shown below)"


def media_after_results(turns: Sequence[Turn], dialect: ChatCompletionsDialect) -> Sequence[Turn]:
    """Return the turns with media of tool results after the last result of the step."""
    for turn in turns:
        if turn.role == "tool" and _media(turn, dialect):
            break
    else:
        return turns
    moved: list[Turn] = []
    waiting: list[Json] = []
    for turn in turns:
        if turn.role == "tool":
            media = _media(turn, dialect)
            waiting += media and [_label(turn), *media]
            moved.append(_without_media(turn, media))
            continue
        if waiting and turn.role == "user":
            moved.append(replace(turn, blocks=[*waiting, *turn.blocks]))
        else:
            moved += [*_user_turn(waiting, turn.at), turn]
        waiting = []
    return [*moved, *_user_turn(waiting, turns[-1].at)]


def _media(turn: Turn, dialect: ChatCompletionsDialect) -> list[Json]:
    stays = {"text", "native"} | ({"image"} if "tool_images" in dialect.takes else set())
    return [block for block in turn.blocks if block["type"] not in stays]


def _without_media(turn: Turn, media: Sequence[Json]) -> Turn:
    """Return the result without its media; a text takes their place if nothing else is left."""
    if not media:
        return turn
    rest = [block for block in turn.blocks if not any(block is item for item in media)]
    return replace(turn, blocks=rest or [{"type": "text", "text": PLACEHOLDER}])


def _label(turn: Turn) -> Json:
    """Return a text block with the origin of media; the tool's name may be unknown."""
    name = turn.tool_name or "the tool"
    return {"type": "text", "text": f"From {name} ({turn.tool_call_id}):"}


def _user_turn(media: Sequence[Json], at: int) -> list[Turn]:
    return [Turn(role="user", blocks=media, at=at)] if media else []
