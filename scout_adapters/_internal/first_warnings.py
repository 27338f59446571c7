"""Which warnings were given already, in whichever thread."""

from __future__ import annotations

from scout_adapters._internal.bounded_dict import BoundedDict

_warned: BoundedDict[tuple[str, ...], object] = BoundedDict(limit=1024)


def is_first_warning(*subject: str) -> bool:
    """Return whether this is the first call for a subject.

    `functools.cache` is not enough: it runs a function once for each thread that calls it at once.
    """
    mark = object()
    first = _warned.setdefault(subject, mark) is mark
    _warned.trim()
    return first


def forget_warnings() -> None:
    """Give each warning once more."""
    _warned.clear()
