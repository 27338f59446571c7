"""Count what one warm call walks through: functions, modules and rooms of the package.

Run it in the root of the repository: `python -m tools.trace_call [--verb stream] [--walk]`. The
call goes through a router with one candidate and one key, without handlers, to the emulator inside
this process. A room is a folder of the package. The emulator's own functions do not count.

A call counts each time that a frame is entered, so a generator counts for each value it yields.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from types import CodeType, FrameType
from typing import Any

import scout_adapters
from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Raw

MODEL = "llama-3.3-70b-versatile"
PACKAGE = Path(scout_adapters.__file__).parent
EMULATOR = "testing"
WATCHED = ("_internal", "llm/health")
"""Rooms whose hand-overs are printed one by one."""

WARM_UP = 5
"""Calls before the one that counts."""


@dataclass(slots=True)
class Walk:
    """What one call went through; paths are relative to the package."""

    calls: int = 0
    modules: set[str] = field(default_factory=set)
    rooms: list[str] = field(default_factory=list)
    """In the order of first entry."""

    handovers: int = 0
    """Calls from one module to another."""

    room_handovers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Calls from one room to another, by caller's and callee's room."""

    def enter(self, caller: str | None, callee: str) -> None:
        """Count one call of a function in the module `callee`."""
        self.calls += 1
        self.modules.add(callee)
        room = room_of(callee)
        if room not in self.rooms:
            self.rooms.append(room)
        if caller is not None and caller != callee:
            self.handovers += 1
            if room_of(caller) != room:
                self.room_handovers[room_of(caller), room] += 1

    def into(self, room: str) -> int:
        """Return how many hand-overs go to a room."""
        return sum(count for (_, to), count in self.room_handovers.items() if to == room)


def room_of(module: str) -> str:
    """Return the folder of a module; `.` is the package's own."""
    return str(PurePosixPath(module).parent)


@cache
def module_of(code: CodeType) -> str | None:
    """Return the module in which a function is defined, None if it is not one that counts."""
    path = Path(code.co_filename)
    if not path.is_relative_to(PACKAGE):
        return None
    module = path.relative_to(PACKAGE)
    return None if module.parts[0] == EMULATOR else module.as_posix()


def caller_of(frame: FrameType) -> str | None:
    """Return the module of the nearest function on the stack that counts."""
    outer = frame.f_back
    while outer is not None:
        if (module := module_of(outer.f_code)) is not None:
            return module
        outer = outer.f_back
    return None


@contextmanager
def walking() -> Iterator[Walk]:
    """Count the calls of this thread in the `with` block."""
    walk = Walk()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and (module := module_of(frame.f_code)) is not None:
            walk.enter(caller_of(frame), module)

    gc.disable()  # a finalizer that runs by chance would count
    sys.setprofile(note)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        gc.enable()


def trace(verb: str) -> Walk:
    """Play a warm call, `invoke` or `stream`, and return its walk."""
    call = CALLS[verb](Emulator())
    for _ in range(WARM_UP):
        call()
    with walking() as walk:
        call()
    return walk


def invoking(emulator: Emulator) -> Callable[[], object]:
    """Return a function that invokes a model once."""
    model = routed(emulator)
    return lambda: model.invoke("Hello")


def streaming(emulator: Emulator) -> Callable[[], object]:
    """Return a function that reads one stream of three events to its end."""
    model = routed(emulator)

    def stream() -> object:
        emulator.script("groq", [answer])
        return list(model.stream("Hello"))

    events = (
        event({"role": "assistant", "content": "Good "}),
        event({"content": "morning."}),
        event({}, finish="stop"),
        b"data: [DONE]\n\n",
    )
    answer = Raw(headers={"content-type": "text/event-stream"}, events=events)
    return stream


def routed(emulator: Emulator) -> ScoutRouterChatModel:
    """Make a router with one candidate and one key that calls the emulator."""
    candidate = {"model": f"groq/{MODEL}", "api_key": "key", "transport": emulator.transport()}
    return ScoutRouterChatModel(models=[candidate])


def event(delta: dict[str, str], finish: str | None = None) -> bytes:
    """Write one server-sent event of a streamed Chat Completion."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1767225600,
        "model": MODEL,
        "choices": [choice],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


CALLS = {"invoke": invoking, "stream": streaming}


def report(walk: Walk, *, rooms: bool) -> Iterator[str]:
    """Yield the lines to print; `rooms` adds the rooms in the order of first entry."""
    yield f"calls: {walk.calls}"
    yield f"modules: {len(walk.modules)}"
    yield f"hand-overs from module to module: {walk.handovers}"
    yield f"hand-overs from room to room: {walk.room_handovers.total()}"
    yield from (f"    of them to {room}: {walk.into(room)}" for room in WATCHED)
    if rooms:
        yield f"walk: {' > '.join(walk.rooms)}"


def main() -> None:
    """Read the command line, play the call, print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--verb", choices=CALLS, default="invoke")
    parser.add_argument("--walk", action="store_true", help="print the rooms in order of entry")
    options = parser.parse_args()
    for line in report(trace(options.verb), rooms=options.walk):
        print(line)


if __name__ == "__main__":
    main()
