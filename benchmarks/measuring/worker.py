"""The process of one subject: `python -m measuring.worker NAME ADDRESS FOLDER`.

Reads a command in JSON from each line of standard input, and answers it with a line of JSON. Lives
through all rounds and idles while others are measured, so that it is warm and imported once.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from measuring import timing, within
from measuring.proof import prove
from subjects import AIOHTTP, HANDLERS, OURS, Setup, Subject, make_subject


class Worker:
    """Holds the subject in the requested setups."""

    def __init__(self, setup: Setup, runner: asyncio.Runner) -> None:
        self._setup = setup
        self._runner = runner
        self._subjects: dict[Setup, Subject] = {}
        self._proven: set[tuple[Setup, str]] = set()

    def answer(self, do: str, **arguments: Any) -> Any:
        """Run a command."""
        if do in {"invoke", "ainvoke", "stream", "astream"}:
            batch = getattr(self, f"_{do}")(self._ready(do, arguments), **arguments)
            return {**asdict(batch), "rate": batch.rate}
        return getattr(self, f"_{do}")(**arguments)

    def _ready(self, verb: str, changes: dict[str, Any]) -> Subject:
        """Take the setup's changes out of a command, and prove the verb the first time."""
        changed = {name: changes.pop(name) for name in Setup.__slots__ if name in changes}
        setup = replace(self._setup, **changed)
        if setup not in self._subjects:
            self._subjects[setup] = make_subject(setup)
        subject = self._subjects[setup]
        if (setup, verb) not in self._proven:
            prove(setup, subject, verb, self._runner.run)
            self._proven.add((setup, verb))
        return subject

    def _invoke(self, subject: Subject, seconds: float) -> timing.Batch:
        assert subject.invoke is not None
        return timing.calls(subject.invoke, seconds)

    def _ainvoke(
        self, subject: Subject, at_once: int, total: int, *, warm: bool = True
    ) -> timing.Batch:
        assert subject.ainvoke is not None
        return self._runner.run(timing.crowd(subject.ainvoke, at_once, total, warm=warm))

    def _stream(self, subject: Subject, seconds: float) -> timing.Batch:
        assert subject.stream is not None
        return timing.streams(subject.stream, seconds, subject.events)

    def _astream(self, subject: Subject, seconds: float) -> timing.Batch:
        assert subject.astream is not None
        return self._runner.run(timing.astreams(subject.astream, seconds, subject.events))

    def _first(self, times: int, **changes: Any) -> Any:
        subject = self._ready("stream", changes)
        assert subject.stream is not None
        return asdict(timing.firsts(subject.stream, subject.text, times))

    def _paired(self, variants: dict[str, dict[str, Any]], seconds: float) -> Any:
        """Invoke several setups in turn, in this one process."""
        calls = {label: self._call_of({**each}) for label, each in variants.items()}
        batches = timing.paired(calls, seconds)
        return {label: asdict(batch) for label, batch in batches.items()}

    def _call_of(self, changes: dict[str, Any]) -> Callable[[], Any]:
        """Return the call of a setup; with `then`, the name of a subject, also one of that."""
        then = changes.pop("then", None)
        call = self._ready("invoke", changes).invoke
        assert call is not None
        if then is None:
            return call
        further = self._call_of({"name": then})
        return lambda: (call(), further())

    def _allocations(self, **changes: Any) -> Any:
        call = self._ready("invoke", changes).invoke
        assert call is not None
        return within.allocations(call)

    def _ten(self, times: int, **changes: Any) -> Any:
        construct = self._ready("invoke", changes).construct
        fields = len(getattr(type(construct()), "model_fields", ()))
        plain = within.ten_plain(fields, times)
        return {"wall": within.ten_constructions(construct, times), "plain": plain}

    def _choice(self, times: int, **changes: Any) -> Any:
        keys = changes["keys"]
        chosen = within.choice(self._ready("invoke", changes), times)
        return {"wall": chosen, "look_up": within.look_up(keys, times)}

    def _aiohttp(self) -> bool:
        """Return whether a subject of ours that has been called has imported `aiohttp`."""
        return sys.modules.get("aiohttp") is not None

    def _budgeted(self) -> bool:
        """Return whether there is a budget handler."""
        return import_module("subjects.handlers").budget_handler() is not None


def apart() -> TextIO:
    """Return what was standard output; what peers print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Answer commands until standard input ends."""
    name, address, folder = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if name not in AIOHTTP:
        sys.modules["httpx_aiohttp"] = None  # type: ignore[assignment]  # not to be imported
        if name in OURS:  # peers may need aiohttp itself
            sys.modules["aiohttp"] = None  # type: ignore[assignment]  # as above
    answers = apart()
    with asyncio.Runner() as runner:
        setup = Setup(name, address, Path(folder), handlers=HANDLERS.get(name, ""))
        worker = Worker(setup, runner)
        for line in sys.stdin:
            try:
                reply = {"ok": worker.answer(**json.loads(line))}
            except Exception as error:  # noqa: BLE001  # sent to the parent, which decides
                traceback.print_exc()
                reply = {"failed": f"{type(error).__name__}: {str(error)[:300]}"}
            print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
