"""The table of the audit log's columns, made from the record of an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc

from scout_adapters.audit.export import COLUMNS, MORE
from scout_adapters.errors import exceptions
from scout_adapters.llm.engine.audit_rows import SHORT
from scout_adapters.llm.engine.record import AttemptRecord
from tools.pages.attribute_docs import attribute_docs
from tools.pages.markdown_table import code, table

HEADER = ("column", "in rows of", "type in exports", "meaning")
OF_EVERY_ROW = {
    "time": "Time of the row in UTC, as ISO 8601: in `llm_intent` before the request leaves, in"
    " `llm_attempt` when the attempt has ended.",
    "event": "`llm_intent`, `llm_attempt`; with the handler's options `chain_run`, `tool_run`,"
    " `llm_prompt` and `llm_answer`; `audit_pruned`; or an event of yours.",
    "run_id": "The LangChain run of the call; all attempts of a call have the same.",
    "parent_run_id": "The run that made the call: a chain, an agent, a node of a graph.",
    "tags": "The call's tags, without those that LangChain and LangGraph add.",
    "user_id": "`user_id` or `user` of the call's metadata.",
}
"""Columns of the run, by name, with their meanings."""

OF_THE_LOG = {
    "chain": "Link of the row: its process (`writer`), number (`seq`), hash and the hash before;"
    " exports have `writer` and `seq`.",
    "lost": "Rows before this one that could not be written.",
    "cut": "Names of values that were too long and were cut.",
}
"""Columns of the log itself, by name, with their meanings."""

INTENT = ("number", "provider", "model", "key_id")
"""Fields of an attempt that its intent has, too."""


def column_table() -> str:
    """Return a row for each column."""
    return table(HEADER, [*_run_rows(), *_attempt_rows(), *_log_rows()])


def _run_rows() -> Iterator[tuple[str, ...]]:
    for name, meaning in OF_EVERY_ROW.items():
        events = "all" if name in {"time", "event", "run_id"} else code("llm_attempt")
        yield code(name), events, COLUMNS[name], meaning


def _attempt_rows() -> Iterator[tuple[str, ...]]:
    for field, meaning in attribute_docs(AttemptRecord).items():
        name = SHORT.get(field, field)
        events = "both" if field in INTENT else code("llm_attempt")
        own = f" In `attempts`: `{field}`." if name != field else ""
        yield code(name), events, COLUMNS[name], meaning + own


def _log_rows() -> Iterator[tuple[str, ...]]:
    for name, meaning in OF_THE_LOG.items():
        yield code(name), "all", f"in {code(MORE)}", meaning


def error_tree() -> str:
    """Return the tree of exceptions, of the docstring that has it."""
    tree = (getdoc(exceptions) or "").partition("\n\n")[2]
    return f"```text\n{tree}\n```\n"
