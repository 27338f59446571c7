"""The refusals of recorded traffic as a table: what was sent, and what this library makes of it.

One line for each provider, status, code and kind, with how often it was recorded; a line is
marked if its kind has not been judged, or was judged otherwise.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.llm.failures.recorded import judgement, refused
from tests.support import recordings


def lines() -> Counter[tuple[str, ...]]:
    """Count the refusals that read alike."""
    counts: Counter[tuple[str, ...]] = Counter()
    for provider, status, error in refused():
        expected, kind = judgement(provider, status, error), str(error.kind)
        verdict = "" if expected == kind else f"judged {expected}" if expected else "not judged"
        wait = "yes" if error.retry_after is not None else ""
        code, actor = error.code or "", error.policy.actor
        counts[provider, str(status), code, kind, actor, wait, verdict] += 1
    return counts


def table(counts: Counter[tuple[str, ...]]) -> str:
    """Return the table in Markdown, with the sums under it."""
    head = [
        "| provider | status | code | kind | who acts | wait said | | times |",
        "|---" * 8 + "|",
    ]
    rows = [f"| {' | '.join((*cells, str(n)))} |" for cells, n in sorted(counts.items())]
    kinds = Counter(cells[3] for cells in counts.elements()).most_common()
    sums = ", ".join(f"{n} {kind}" for kind, n in kinds)
    providers = {file.name.split(".")[0] for file in recordings.files()}
    silent = ", ".join(sorted(providers - {cells[0] for cells in counts}))
    return "\n".join(
        [*head, *rows, "", f"{counts.total()} refusals: {sums}", f"without a refusal: {silent}", ""]
    )


def main() -> int:
    """Print the table."""
    sys.stdout.write(table(lines()))
    return 0
