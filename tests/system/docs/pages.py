"""The pages of the documentation, the examples, and the surroundings in which their code runs."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scout_adapters.testing import Emulator
from tests.support.paths import README, ROOT
from tests.support.reset import is_setting

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PROVIDERS = ("groq", "anthropic", "google", "mistral", "openai")
"""Providers whose addresses are the emulator's."""
KEYS = {
    "GROQ_API_KEYS": "gsk_one,gsk_two",
    "ANTHROPIC_API_KEY": "sk-ant-x",
    "GOOGLE_API_KEY": "AIzax",
}
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
OUTPUT = re.compile(r'^```text title="Output"\n(.*?)^```', re.DOTALL | re.MULTILINE)
"""Matches a block that the program above it prints, word for word."""

FILE_NAME = re.compile(r"# ([\w./-]+\.\w+)\n")
"""Matches the first line of a block that is a file, such as `# route.yaml`."""


@dataclass(frozen=True)
class Page:
    """A page in Markdown; its blocks of Python are one program, from top to bottom."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text()

    def blocks(self, language: str = "python") -> list[str]:
        """Return the blocks of a language."""
        return [code for name, code in FENCE.findall(self.text) if name == language]

    def files(self) -> dict[str, str]:
        """Return the blocks that are files, by name; they are there when the program runs."""
        named = [(FILE_NAME.match(code), code) for name, code in FENCE.findall(self.text)]
        return {match[1]: code for match, code in named if match}

    @property
    def program(self) -> str:
        files = set(self.files().values())
        return "\n".join(block for block in self.blocks() if block not in files)

    @property
    def outputs(self) -> list[str]:
        """What the page states that its program prints."""
        return OUTPUT.findall(self.text)

    @property
    def needs_litellm(self) -> bool:
        """Whether it imports LiteLLM, which takes ten seconds: it runs in `tests/litellm`."""
        return needs_litellm(self.program)


def needs_litellm(code: str) -> bool:
    """Return whether a program imports LiteLLM."""
    return bool(re.search(r"^import litellm", code, re.MULTILINE))


PAGES = {
    str(path.relative_to(ROOT)): Page(path)
    for path in (README, *sorted((ROOT / "docs").rglob("*.md")))
    if Page(path).program
}
"""Pages with code, by path."""


def notebook_program() -> str:
    """Return the notebook's cells as a program that prints what each cell shows, as HTML."""
    cells = json.loads((ROOT / "examples/notebook.ipynb").read_text())["cells"]
    lines: list[str] = []
    for cell in (each for each in cells if each["cell_type"] == "code"):
        *body, last = ast.parse("".join(cell["source"])).body
        assert isinstance(last, ast.Expr)
        lines += [*map(ast.unparse, body), f"print(({ast.unparse(last)})._repr_html_())"]
    return "\n".join(lines)


def write_files(page: Page, folder: Path) -> None:
    """Write the files that a page shows."""
    for name, text in page.files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """Serve the emulator; yield a user's environment: keys, and its addresses for the providers."""
    emulator = Emulator()
    with emulator.serve():
        addresses = {f"{name.upper()}_API_URL": emulator.url(name) for name in PROVIDERS}
        machine = {name: each for name, each in os.environ.items() if not is_setting(name)}
        yield {**machine, **addresses, **KEYS}
