"""Emulated providers for tests and demos, and `reset` for what the package keeps in a process.

    emulator = Emulator(keys={"groq": {"k-revoked": Revoked(), "k-good": None}})
    with emulator.serve():
        model = ScoutGroqChatModel(base_url=emulator.url("groq"), api_keys=["k-revoked", "k-good"])
        model.invoke("Hello")
    assert [exchange.fault for exchange in emulator.log] == ["Revoked", None]

The same request always gets the same answer. Faults are played by key and by script, requests that
the real APIs refuse are refused, and every exchange is logged.

`emulator.on("groq", contains="weather").says("21 °C")` scripts answers instead; `check()` fails for
requests without a rule, and for rules that were not used.

`reset()` resets what the package keeps in the process, so that tests do not depend on each other.

Names load on first use: pytest imports this package at its start, for the plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.mutated_cassette import mutate
    from scout_adapters.testing.emulator.emulator import Emulator, run
    from scout_adapters.testing.emulator.request_log import Exchange
    from scout_adapters.testing.faults.account_limits import AccountLimits
    from scout_adapters.testing.faults.broken_answers import (
        CloseBeforeAnswer,
        CutGzip,
        CutMidStream,
        Drip,
        EmptyBody,
        ErrorInBand,
        ExtraHeaders,
        Hang,
        KeepAlive,
        NotJson,
        Raw,
        Redirect,
        Said,
        Slow,
        Stall,
    )
    from scout_adapters.testing.faults.refusals import (
        BadRequest,
        ContentBlocked,
        ContextOverflow,
        DailyQuota,
        Fault,
        Forbidden,
        ModelMissing,
        OutOfCredit,
        Overloaded,
        RateLimited,
        RegionBlocked,
        Revoked,
        ServerError,
        Suspended,
        TooLarge,
        UpstreamLimited,
    )
    from scout_adapters.testing.isolation.live_calls import block_live_calls
    from scout_adapters.testing.process_state import Snapshot, reset, snapshot
    from scout_adapters.testing.scripts.answer_script import (
        AnswerScript,
        UnexpectedRequest,
        UnusedRule,
    )
    from scout_adapters.testing.scripts.fake_chat_model import ScoutFakeChatModel

__all__ = [
    "AccountLimits",
    "AnswerScript",
    "BadRequest",
    "CloseBeforeAnswer",
    "ContentBlocked",
    "ContextOverflow",
    "CutGzip",
    "CutMidStream",
    "DailyQuota",
    "Drip",
    "EmptyBody",
    "Emulator",
    "ErrorInBand",
    "Exchange",
    "ExtraHeaders",
    "Fault",
    "Forbidden",
    "Hang",
    "KeepAlive",
    "ModelMissing",
    "NotJson",
    "OutOfCredit",
    "Overloaded",
    "RateLimited",
    "Raw",
    "Redirect",
    "RegionBlocked",
    "Revoked",
    "Said",
    "ScoutFakeChatModel",
    "ServerError",
    "Slow",
    "Snapshot",
    "Stall",
    "Suspended",
    "TooLarge",
    "UnexpectedRequest",
    "UnusedRule",
    "UpstreamLimited",
    "block_live_calls",
    "mutate",
    "reset",
    "run",
    "snapshot",
]

HOMES = {
    "AccountLimits": "faults.account_limits",
    "AnswerScript": "scripts.answer_script",
    "Emulator": "emulator.emulator",
    "Exchange": "emulator.request_log",
    "ScoutFakeChatModel": "scripts.fake_chat_model",
    "Snapshot": "process_state",
    "UnexpectedRequest": "scripts.answer_script",
    "UnusedRule": "scripts.answer_script",
    "block_live_calls": "isolation.live_calls",
    "mutate": "chaos.mutated_cassette",
    "reset": "process_state",
    "run": "emulator.emulator",
    "snapshot": "process_state",
    **dict.fromkeys(
        (
            "BadRequest",
            "ContentBlocked",
            "ContextOverflow",
            "DailyQuota",
            "Fault",
            "Forbidden",
            "ModelMissing",
            "OutOfCredit",
            "Overloaded",
            "RateLimited",
            "RegionBlocked",
            "Revoked",
            "ServerError",
            "Suspended",
            "TooLarge",
            "UpstreamLimited",
        ),
        "faults.refusals",
    ),
}
"""The module of each name, below this package; all other names are in `faults.broken_answers`."""


if not TYPE_CHECKING:  # with this function type checkers would accept misspelt names

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = import_module(f"{__name__}.{HOMES.get(name, 'faults.broken_answers')}")
        return globals().setdefault(name, getattr(home, name))


def __dir__() -> list[str]:
    return __all__
