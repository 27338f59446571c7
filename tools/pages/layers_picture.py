"""A picture of the package's layers, drawn from the contracts of import-linter."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WIDTH, ROW, GAP, SIDE = 920, 44, 8, 20
"""Pixels: width of the picture, height of a row, distance between boxes, margin."""

STYLE = """<style>
rect { fill: #eef1fb; stroke: #5566c4; } .inner rect { fill: #ffffff; }
text { font: 15px sans-serif; fill: #1d2333; text-anchor: middle; } .note { font-size: 13px; }
</style>"""


def layers_picture() -> str:
    """Return an SVG: a row for each layer, those of `llm` in a frame at its place."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    outer, inner = (each["layers"] for each in contracts["contracts"][:2])
    parts: list[str] = []
    top = SIDE + 24
    for layer in outer:
        if layer == "scout_adapters.llm":
            height = len(inner) * (ROW + GAP) + 34
            parts += _frame(top, height, inner)
            top += height + GAP
        else:
            parts += _boxes(top, _names(layer), SIDE, WIDTH - 2 * SIDE)
            top += ROW + GAP
    note = (
        f'<text class="note" x="{WIDTH / 2}" y="26">A row imports only from the rows below.</text>'
    )
    size = f'width="{WIDTH}" height="{top + SIDE}" viewBox="0 0 {WIDTH} {top + SIDE}"'
    back = f'<path d="M0 0H{WIDTH}V{top + SIDE}H0z" fill="#fff"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Layers">'
    return "\n".join([head, STYLE, back, note, *parts, "</svg>", ""])


def _names(layer: str) -> list[str]:
    return [name.strip().rpartition(".")[2] for name in layer.split("|")]


def _frame(top: int, height: int, layers: list[str]) -> Iterator[str]:
    yield f'<rect x="{SIDE}" y="{top}" width="{WIDTH - 2 * SIDE}" height="{height}" rx="6"/>'
    yield f'<text x="{WIDTH / 2}" y="{top + 20}">llm</text><g class="inner">'
    for number, layer in enumerate(layers):
        y = top + 30 + number * (ROW + GAP)
        yield from _boxes(y, _names(layer), 2 * SIDE, WIDTH - 4 * SIDE)
    yield "</g>"


def _boxes(top: int, names: list[str], left: int, width: int) -> Iterator[str]:
    each = (width - GAP * (len(names) - 1)) / len(names)
    for number, name in enumerate(names):
        x = left + number * (each + GAP)
        yield f'<rect x="{x:.1f}" y="{top}" width="{each:.1f}" height="{ROW}" rx="6"/>'
        yield f'<text x="{x + each / 2:.1f}" y="{top + ROW / 2 + 5}">{name}</text>'
