"""Commands and make targets that pages show exist, with each of their options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from scout_adapters.cli import app
from tests.support.paths import README, ROOT
from tests.system.docs.pages import Page

PATHS = (README, *sorted((ROOT / "docs").rglob("*.md")))
INLINE = re.compile(r"`((?:scout-adapters|make) [^`]+)`")
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
COMMANDS = typer.main.get_command(app)


def shell_lines(page: Page) -> Iterator[list[str]]:
    """Yield the words of each command of ours, in blocks and in the text."""
    for line in ("\n".join(page.blocks("bash")).splitlines(), INLINE.findall(page.text)):
        for text in line:
            if re.match(r"(scout-adapters|make) ", text):
                yield shlex.split(re.split(r" [|>] | && ", text)[0], comments=True)


def unknown(words: list[str]) -> str | None:
    """Return what a command line has that does not exist; None if all does."""
    program, *rest = words
    if program == "make":
        names = [word for word in rest if "=" not in word]
        return next((name for name in names if name not in TARGETS), None)
    command: Any = COMMANDS
    while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
        name, *rest = rest
        if name not in command.commands:
            return name
        command = command.commands[name]
    if (command.context_settings or {}).get("ignore_unknown_options"):  # they are pytest's
        return None
    known = {option for each in command.params for option in each.opts}
    options = [word.partition("=")[0] for word in rest if word.startswith("-")]
    known |= {"--help", "--install-completion"}
    return next((option for option in options if option not in known), None)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_page_exist(path: Path) -> None:
    lines = list(shell_lines(Page(path)))
    assert [(words, found) for words in lines if (found := unknown(words))] == []


def test_commands_are_found_on_pages_and_a_misspelt_one_is_noticed() -> None:
    assert sum(len(list(shell_lines(Page(path)))) for path in PATHS) > 50
    assert unknown(["scout-adapters", "costs", "--since=1d"]) is None
    assert unknown(["scout-adapters", "cost"]) == "cost"
    assert unknown(["scout-adapters", "costs", "--per", "day"]) == "--per"
    assert unknown(["make", "everything"]) == "everything"
