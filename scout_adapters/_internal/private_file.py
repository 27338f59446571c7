"""Replace a file by a new one that only its owner can read, in one step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(target: Path) -> Iterator[IO[str]]:
    """Open a new file beside `target`, which it replaces when the block ends without an error.

    Its name is random and it must not exist: a link that was planted there is not followed.
    """
    with tempfile.NamedTemporaryFile(
        "w",
        newline="",
        encoding="utf-8",
        dir=target.parent,
        prefix=f"{target.name}.",
        suffix=".part",
        delete=False,
    ) as file:
        part = Path(file.name)
        try:
            yield file
            file.close()
            part.replace(target)
        except BaseException:  # raised again: the part must not stay
            part.unlink(missing_ok=True)
            raise
