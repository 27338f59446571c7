"""Measures floors, ours and the peers in one run, and writes `RESULTS.md`.

    python benchmarks/run.py                  # all of it; writes RESULTS.md
    python benchmarks/run.py --quick          # fewer and shorter rounds; prints
    python benchmarks/run.py --only streaming # one part, or several with commas; prints
    PYTHONPATH=/other/checkout python benchmarks/run.py --quick   # another state of the library

Needs nothing but Python: it makes an environment of its own, `benchmarks/.venv-peers`, where ours
and all the peers are installed beside each other. `--python` takes another interpreter instead.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import machine
import targets
from canned.serving import canned_server
from measuring.figures import Figures
from parts import (
    Run,
    atonce,
    ceiling,
    freshly,
    growth,
    handlers,
    inside,
    invoke,
    responses_api,
    streaming,
)

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
Part = tuple[str, Callable[[Run], None], Callable[[Run], list[str]]]
PARTS: dict[str, Part] = {
    "server": ("The server is not what is measured", ceiling.measure, ceiling.section),
    "invoke": ("One call after the other", invoke.measure, invoke.section),
    "at-once": ("Many calls at once", atonce.measure, atonce.section),
    "streaming": ("Streams", streaming.measure, streaming.section),
    "responses": ("The Responses API", responses_api.measure, responses_api.section),
    "first": ("The first token", streaming.measure_first, streaming.section_first),
    "handlers": ("Handlers", handlers.measure, handlers.section),
    "growth": ("As the work grows", growth.measure, growth.section),
    "inside": ("Memory of a call, making models, choosing keys", inside.measure, inside.section),
    "fresh": ("Imports and memory of a process", freshly.measure, freshly.section),
}

METHOD = """\
A server in a process of its own answers from memory; it speaks over the loopback interface,
without TLS. Each subject runs in a process of its own, in one environment where all are installed,
and is imported and warm before anything counts. Subjects take turns, round after round; a figure is
the median of the rounds with their quartiles in parentheses, a ratio the median of the rounds'
ratios. *Wall* is wall-clock time, *CPU* what the subject's process spent, the garbage collector's
work included in both. Before a subject is timed, one call by each verb must bring the server's
text, make exactly one request, and be heard of by each handler.

- `fake`: LangChain's `GenericFakeChatModel`, async methods its own. `httpx`: a kept client, JSON by
  orjson, no limits on connections. `httpx-aiohttp`: the same over aiohttp.
- `router`: three providers with five keys each, a cost and an audit handler in the config of each
  call. `router-bare`: without them. `single`: one provider's chat model. `router-aiohttp`: the
  `router` where `aiohttp` can be imported, which seems not to be installed for our other subjects;
  `router-handed-aiohttp`: with httpx-aiohttp's transport handed in.
- `…-responses`: the same over the Responses API.
- Peers as they come; ChatLiteLLMRouter over fifteen deployments. ChatOpenAI and its SDK use httpx2,
  not httpx. `ChatOpenAI-aiohttp` is given the SDK's client for that."""


def report_progress(text: str) -> None:
    """Report progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def report(run: Run, names: Sequence[str], there: dict[str, str]) -> str:
    """Write the whole report."""
    gone = [f"- {name}: {why}" for name, why in run.missing.items()]
    blocks = [
        ["# Results", "", "Written by `python benchmarks/run.py`."],
        ["## Machine", "", *machine.section(there)],
        ["## Method", "", METHOD, *gone],
    ]
    if promised := targets.section(run, names):
        blocks.append(["## Targets", "", *promised])
    for name in names:
        title, _, section = PARTS[name]
        blocks.append([f"## {title}", "", *section(run)])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--python", help="an interpreter that has ours and the peers")
    parser.add_argument("--out", type=Path, help="where to write the report")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write or print the report."""
    options = arguments(argv)
    names = [name for name in PARTS if name in options.only.split(",")]
    python = options.python or machine.interpreter(report_progress)
    there = machine.versions(python)
    with canned_server(python) as served:
        run = Run(python, served, machine.missing(there), Figures(), options.quick, report_progress)
        for name in names:
            report_progress(name)
            PARTS[name][1](run)
        text = report(run, names, there)
    whole = not options.quick and names == list(PARTS)
    if path := options.out or (RESULTS if whole else None):
        path.write_text(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
