"""The measured processes as their parent sees them, and the rounds in which they take turns."""

from __future__ import annotations

import json
import selectors
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canned.serving import HERE, Served, clean_environment

LAST_LINES = 3
PATIENCE = 120.0
"""Seconds that a command may take."""


class CannotMeasure(Exception):
    """A subject's process failed; the message is its error."""


@dataclass(slots=True)
class Remote:
    """The process of one subject."""

    name: str
    process: subprocess.Popen[str]
    log: Path

    def send(self, do: str, within: float = PATIENCE, **arguments: Any) -> Any:
        """Send a command and wait for its answer, so many seconds at most."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)
        line = self._line(within)
        if not line:
            lines = self.log.read_text().strip().splitlines()[-LAST_LINES:]
            raise CannotMeasure(" / ".join(lines) or "the process ended")
        reply: dict[str, Any] = json.loads(line)
        if "failed" in reply:
            raise CannotMeasure(reply["failed"])
        return reply["ok"]

    def _line(self, within: float) -> str:
        """Read one line of answer; a process that takes too long is ended."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(within):
                self.process.kill()
                raise CannotMeasure(f"took more than {within:g} s")
        return self.process.stdout.readline()

    def end(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def remotes(python: str, served: Served, names: Iterable[str]) -> Iterator[dict[str, Remote]]:
    """Run a process for each of the subjects while the block runs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        opened = {}
        for name in names:
            opened[name] = _opened(python, served, name, folder)
            stack.callback(opened[name].end)
        yield opened


def _opened(python: str, served: Served, name: str, folder: Path) -> Remote:
    own = folder / name
    own.mkdir()
    log = own / "stderr"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [python, "-m", "measuring.worker", name, served.address, str(own)],
            cwd=HERE,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    return Remote(name, process, log)


@dataclass(slots=True)
class Rounds:
    """What the rounds gave: by subject, its answers in the order of the rounds."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


Command = Mapping[str, Any]


def in_turn(
    opened: Mapping[str, Remote],
    command: Callable[[str], Command | None],
    rounds: int,
    report: Callable[[str], None] = lambda _: None,
) -> Rounds:
    """Send every subject its command, round after round; None skips a subject in a round.

    A subject that fails once is left out from then on.
    """
    results = Rounds()
    names: Sequence[str] = list(opened)
    for number in range(rounds):
        for name in names:
            request = command(name)
            if request is None or name in results.failures:
                continue
            try:
                results.answers.setdefault(name, []).append(opened[name].send(**request))
            except CannotMeasure as error:
                results.failures[name] = str(error)
                results.answers.pop(name, None)
        report(f"round {number + 1} of {rounds}")
        names = [*names[1:], *names[:1]]
    return results
