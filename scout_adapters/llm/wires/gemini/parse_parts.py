"""Parse the parts of an answer into content blocks and calls, as langchain-google-genai does.

https://ai.google.dev/api/caching#Part
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import malformed
from scout_adapters.llm.wires.parsing import dump_json, piece_of_arguments, require

OUTCOME_OK, OUTCOME_NOT_OK = 1, 2
MAX_EXACT_INTEGER = 2**53
"""Floats beyond it are not exact integers."""

MAX_DEPTH = 64
"""Levels of nesting in the arguments of a call."""

STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
"""One step of a `jsonPath`: `.name`, `[0]`, `['name']`."""


@dataclass(slots=True)
class FunctionCall:
    """A complete function call."""

    id: str
    name: str
    args: Any
    signature: str | None


@dataclass(slots=True)
class PartReader:
    """Parses parts in their order; holds the state that later parts depend on."""

    seed: str
    """The seed of the ids that Gemini leaves out: the same answer always gets the same ids."""

    audio: list[bytes] = field(default_factory=list)
    audio_rate: int | None = None
    """Samples per second of raw PCM; None for other formats."""

    _id_count: int = 0
    _code_id: str = ""
    _open: FunctionCall | None = None

    def read(self, parts: list[Json]) -> Iterator[Json | FunctionCall]:
        """Yield a block or a call for each part that has content."""
        for part in parts:
            if "functionCall" in part:
                call = self._call(part)
                if call is not None:
                    yield call
            else:
                yield from self._blocks(part)

    def unfinished(self) -> FunctionCall | None:
        """Remove and return the call that is still open; None if there is none.

        Its arguments are a text that is not valid JSON, so that the call counts as incomplete.
        """
        call, self._open = self._open, None
        return call and replace(call, args=dump_json(call.args)[:-1])

    def _new_id(self, about: str = "") -> str:
        self._id_count += 1
        name = f"{self.seed}/{self._id_count}/{about}"
        # A lone surrogate, such as half of an emoji, cannot be encoded as UTF-8.
        return str(uuid5(NAMESPACE_OID, name.encode("utf-8", "backslashreplace").decode()))

    def _blocks(self, part: Json) -> Iterator[Json]:
        signature = _text(part.get("thoughtSignature"))
        text = part.get("text")
        if isinstance(text, str) and (text or signature):
            if part.get("thought"):
                block: Json = {"type": "thinking", "thinking": text}
                yield block | ({"signature": signature} if signature else {})
                return
            block = {"type": "text", "text": text}
        elif (other := self._other(part)) is not None:
            block = other
        else:
            return
        if signature:
            block["extras"] = {**block.get("extras", {}), "signature": signature}
        yield block

    def _other(self, part: Json) -> Json | None:
        if isinstance(code := part.get("executableCode"), dict):
            self._code_id = _text(code.get("id")) or self._new_id()
            return {
                "type": "executable_code",
                "executable_code": _text(code.get("code")),
                "language": _text(code.get("language")) or "PYTHON",
                "id": self._code_id,
            }
        if isinstance(result := part.get("codeExecutionResult"), dict):
            # A tuple, not a set: a malformed outcome may not be hashable.
            succeeded = result.get("outcome") in (None, "OUTCOME_OK", OUTCOME_OK)
            return {
                "type": "code_execution_result",
                "code_execution_result": _text(result.get("output")),
                "outcome": OUTCOME_OK if succeeded else OUTCOME_NOT_OK,
                "tool_call_id": _text(result.get("id")) or self._code_id,
            }
        if isinstance(blob := part.get("inlineData"), dict):
            return self._inline(blob)
        return self._google_side(part)

    def _google_side(self, part: Json) -> Json | None:
        """Parse what exists at Google only: files, and calls of its own tools."""
        if isinstance(file := part.get("fileData"), dict):
            mime = _text(file.get("mimeType"))
            block = {"type": "file_data", "file_uri": _text(file.get("fileUri"))}
            return block | ({"mime_type": mime} if mime else {})
        if isinstance(call := part.get("toolCall"), dict):
            return {
                "type": "server_tool_call",
                "name": _server_tool(call),
                "id": _text(call.get("id")) or self._new_id(),
                "args": mapping(call.get("args")),
            }
        if isinstance(result := part.get("toolResponse"), dict):
            return {
                "type": "server_tool_result",
                "tool_call_id": _text(result.get("id")),
                "status": "success",
                "output": mapping(result.get("response")),
                "extras": {"block_type": _server_tool(result)},
            }
        return None

    def _inline(self, blob: Json) -> Json | None:
        mime, data = _text(blob.get("mimeType")), _text(blob.get("data"))
        if not mime or not data:
            return None
        if mime.startswith("image/"):
            return {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}"}}
        if mime.startswith("audio/"):
            self._add_audio(mime, data)
            return None
        return {"type": "media", "mime_type": mime, "data": data}

    def _add_audio(self, mime: str, data: str) -> None:
        try:
            self.audio.append(base64.b64decode(data, validate=True))
        except ValueError as error:
            raise malformed(f"the audio in the answer is not base64: {error}") from error
        kind, *options = mime.lower().replace(" ", "").split(";")
        if kind in {"audio/l16", "audio/pcm"}:
            rates = [option[5:] for option in options if option.startswith("rate=")]
            self.audio_rate = int(rates[0]) if rates and rates[0].isdecimal() else 24000

    def _call(self, part: Json) -> FunctionCall | None:
        """Parse a call; with `streamFunctionCallArguments`, arguments arrive in several parts."""
        data = require(part, "functionCall", dict)
        if self._open is None:
            name, args = require(data, "name", str), whole_numbers(data.get("args") or {})
            if isinstance(args, str):  # no object, as documented
                piece_of_arguments(args)
            self._open = FunctionCall(
                id=_text(data.get("id")) or self._new_id(f"{name}/{dump_json(args)}"),
                name=name,
                args=args,
                signature=_text(part.get("thoughtSignature")) or None,
            )
        for piece in objects(data.get("partialArgs")):
            put_argument(self._open.args, piece)
        if data.get("willContinue") is True:
            return None
        call, self._open = self._open, None
        return call


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _server_tool(part: Json) -> str:
    return _text(part.get("toolType")).lower() or "media_processing"


def whole_numbers(value: Any, depth: int = 0) -> Any:
    """Convert 5.0 to 5: Gemini's arguments are protobuf Structs, whose numbers are all floats."""
    if depth > MAX_DEPTH:
        raise malformed(f"the arguments of a call are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return {name: whole_numbers(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item, depth + 1) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT_INTEGER:
        return int(value)
    return value


def put_argument(args: Any, piece: Json) -> None:
    """Put one item of `partialArgs` into its place; pieces of a string are joined.

    https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/function-calling
    """
    path = _text(piece.get("jsonPath"))
    steps = [int(at) if at else a or b or c for a, at, b, c in STEP.findall(path)]
    kinds = [name for name in piece if name.endswith("Value")]
    if not steps or not kinds:
        return
    value = None if kinds[0] == "nullValue" else whole_numbers(piece[kinds[0]])
    holder: Any = args
    for step, following in pairwise(steps):
        holder = _descend(holder, step, [] if isinstance(following, int) else {})
    known = _descend(holder, steps[-1], None)
    holder[steps[-1]] = (
        known + value if isinstance(known, str) and isinstance(value, str) else value
    )


def _descend(holder: Any, step: str | int, default: Any) -> Any:
    """Return the value at one step of a path; insert `default` if there is none."""
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, default)
    if isinstance(holder, list) and isinstance(step, int) and step <= len(holder):
        if step == len(holder):
            holder.append(default)
        return holder[step]
    raise malformed(f"an argument of a call has no place at {step!r}")


def wav_file(samples: bytes, rate: int) -> bytes:
    """Add a WAV header to PCM samples of 16 bits and one channel; `rate` in samples per second."""
    head = struct.pack(
        "<4sI8sIHHIIHH4sI",
        b"RIFF",
        36 + len(samples),
        b"WAVEfmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        len(samples),
    )
    return head + samples
