"""What to do about a store that cannot be used, by the text of its error."""

from __future__ import annotations

from scout_adapters.errors import one_line

MAX_REASON = 220
"""Characters of an error that are shown."""

STARTING = "it is ready soon, and tried again by itself"

ADVICE = {
    "set the user and password in the store's address": (
        "invalid username-password",
        "Authentication required",
        "unauthenticated",
    ),
    "give its user the rights in docs/many-machines.md": ("permission", "can't run this command"),
    "use the address of the master, or of the sentinels": ("read only replica",),
    "give the server more memory, or a store of its own": ("'maxmemory'",),
    "make room on the server's disk": ("MISCONF",),
    "set another database number in the store's address": ("DB index", "SELECT is not allowed"),
    "check the store's password, and whether its address must begin with rediss:// (TLS)": (
        "SSL",
        "Protocol error",
        "Connection closed by server",
        "Connection reset",
        "Broken pipe",
    ),
    STARTING: ("loading the dataset", "Redis is busy"),
}
"""By what to do: parts of the texts of errors."""

AWAY = "check whether the server runs, and the store's address (rediss:// is TLS)"


PASSING = frozenset({"Connection closed by server", "Connection reset", "Broken pipe"})
"""Parts of the texts of errors with which an outage may begin."""


def fault_kind(error: Exception) -> str:
    """Return a text that is the same for the faults of one outage: away, broken off, starting."""
    advice = _advice_for(error)
    is_passing = any(part in str(error) for part in PASSING)
    return AWAY if is_passing or advice == STARTING else advice


def _advice_for(error: Exception) -> str:
    text = str(error)
    return next(
        (advice for advice, parts in ADVICE.items() if any(part in text for part in parts)), AWAY
    )


def outage_text(label: str, error: Exception) -> str:
    """Return one line about a store that failed, and what to do; `label` is its address."""
    reason = str(error).partition(" script: ")[0].rstrip(".")  # Redis adds which line failed
    return f"{one_line(f'{label}: {reason}', MAX_REASON)}; {_advice_for(error)}"
