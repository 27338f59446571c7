"""Results of tools as input items; the item depends on the kind of the call.

https://platform.openai.com/docs/guides/function-calling and .../guides/tools
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_responses.content import input_content

CONTAINERS = frozenset({"computer_call", "shell_call", "local_shell_call", "apply_patch_call"})
"""Calls of tools that the caller runs and whose results have a form of their own."""


def result_items(turn: Turn, calls: Mapping[str, Json], spec: ProviderSpec) -> list[Json]:
    """Return the items of a tool's result; `calls` holds the items of the calls by id.

    An item that the caller wrote in this API's own form is sent as it is.
    """
    own = [block["value"] for block in turn.blocks if _is_item(block)]
    if own:
        return [item if "call_id" in item else _answering(item, turn) for item in own]
    call = calls.get(turn.tool_call_id, {})
    output = input_content(turn.blocks, turn, spec)
    if call.get("type") in CONTAINERS:
        return [_container_result(call, output, turn)]
    kind = call.get("type") if call.get("type") == "custom_tool_call" else "function_call"
    call_id = call.get("call_id") or turn.tool_call_id
    item: Json = {"type": f"{kind}_output", "call_id": call_id, "output": output}
    if mapping(call.get("caller")).get("type") == "program":
        item["caller"] = call["caller"]
    return [item]


def _is_item(block: Json) -> bool:
    return block["type"] == "native" and str(block["value"].get("type")).endswith("_output")


def _answering(item: Json, turn: Turn) -> Json:
    """Add the id of the call to an item that does not name it."""
    kind = str(item["type"])
    return item | {"call_id": turn.tool_call_id} if kind.endswith("_call_output") else item


def _container_result(call: Json, output: str | list[Json], turn: Turn) -> Json:
    """Return the result of a tool that runs in the caller's own container."""
    kind, call_id = call["type"], call["call_id"]
    item: Json = {"type": f"{kind}_output", "call_id": call_id}
    text = output if isinstance(output, str) else _text(output)
    match kind:
        case "computer_call":
            return item | {"output": _screenshot(output)}
        case "apply_patch_call":
            return item | {"status": "failed" if turn.failed else "completed", "output": text}
        case "local_shell_call":
            return {"type": f"{kind}_output", "id": call_id, "output": text}
    outcome = {"type": "exit", "exit_code": int(turn.failed)}
    return item | {"output": [{"stdout": text, "stderr": "", "outcome": outcome}]}


def _text(parts: list[Json]) -> str:
    return "".join(str(part.get("text") or "") for part in parts)


def _screenshot(output: str | list[Json]) -> Json:
    """Return the image of the screen; a text is taken for its URL, as ChatOpenAI does."""
    screenshot: Json = {"type": "computer_screenshot"}
    if isinstance(output, str):
        return screenshot | {"image_url": output}
    images: list[Any] = [part for part in output if part.get("type") == "input_image"]
    names = ("image_url", "file_id")
    return screenshot | {name: images[0][name] for name in names if images and name in images[0]}
