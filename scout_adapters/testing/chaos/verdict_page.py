"""The verdict of a chaos run as an HTML page: one file, without scripts, that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from scout_adapters._internal.private_file import replacing
from scout_adapters.testing.chaos.chaos_result import SCOUT, ChaosResult
from scout_adapters.testing.chaos.verdict import ChaosVerdict, Fault, SideTotals
from scout_adapters.testing.chaos.verdict_text import cost_text

STYLE = Path(__file__).with_name("verdict.css")
_TITLE = "Your tests under faults"
_WORDS = {
    "answered": "answered",
    "error": "named error",
    "wrong": "wrong answer",
    "crash": "crash",
    "n/a": "cannot occur",
}


def write_verdict(path: Path, verdicts: Sequence[ChaosVerdict]) -> None:
    """Write the page, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(verdict_page(verdicts))


def verdict_page(verdicts: Sequence[ChaosVerdict]) -> str:
    """Return the page."""
    body = "\n".join(line for verdict in verdicts for line in _section(verdict))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_TITLE}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{_TITLE}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(verdict: ChaosVerdict) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(verdict.test)}</h2>"
    yield '<div class="cards">'
    for side in verdict.sides:
        yield _card(side)
    yield "</div>"
    yield from _fault_table(verdict)
    if verdict.not_hit:
        yield "<details><summary>Faults that cannot hit this test</summary>\n<ul>"
        for result in verdict.not_hit:
            yield f"<li>{result.number} {escape(result.fault)}: {escape(result.seen)}</li>"
        yield "</ul></details>"
    yield "</section>"


def _card(side: SideTotals) -> str:
    if not side.counted:
        reason = f"fails without a fault: {side.baseline.seen}" if side.baseline else "not run"
        return f'<div class="card"><h3>{escape(side.side)}</h3><p>{escape(reason)}</p></div>'
    lines = (
        ("wrong answers and crashes", str(side.silent)),
        ("requests beyond the usual", str(side.wasted)),
        ("longest wait", f"{side.longest_s:g} s"),
        ("cost of all runs", cost_text(side.cost_usd)),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in lines)
    number = f"<b>{side.answered}</b> of {len(side.counted)} answered"
    return (
        f'<div class="card"><h3>{escape(side.side)}</h3><p class="number">{number}</p>'
        f"<dl>{items}</dl></div>"
    )


def _fault_table(verdict: ChaosVerdict) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{escape(side.side)}</th>' for side in verdict.sides)
    yield f'<table>\n<thead><tr><th scope="col">fault</th>{heads}</tr></thead>\n<tbody>'
    for fault in verdict.faults:
        cells = "".join(_cell(side, verdict.result(side, fault)) for side in verdict.sides)
        yield f'<tr><th scope="row">{_name(fault)}</th>{cells}</tr>'
    yield "</tbody>\n</table>"


def _name(fault: Fault) -> str:
    number, name = fault
    return f'<span class="dim">{number or ""}</span> {escape(name)}'


def _cell(side: SideTotals, result: ChaosResult | None) -> str:
    if result is None or result not in side.counted:
        return f'<td data-side="{escape(side.side)}"><span class="dim">-</span></td>'
    requests = f"{result.requests} request{'s' * (result.requests != 1)}"
    waited = f", {result.waited_s:g} s" if result.waited_s else ""
    kind = "expected" if result.outcome == "error" and result.helps == "nothing" else result.outcome
    seen = f'<div class="seen">{escape(result.seen)}</div>' if result.seen else ""
    if result.side != SCOUT and result.seen:
        seen = f'<div class="seen">{escape(result.seen[:120])}</div>'
    return (
        f'<td data-side="{escape(side.side)}" class="{kind}"><span class="mark">'
        f'{_WORDS[result.outcome]}</span> <span class="dim">{requests}{waited}</span>{seen}</td>'
    )
