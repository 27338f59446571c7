"""A stand-in for the real providers, for tests, demos and users.

    emulator = Emulator(keys={"groq": {"k-revoked": Revoked(), "k-good": None}})
    with emulator.serve():
        model = ScoutGroqChatModel(base_url=emulator.url("groq"), api_keys=["k-revoked", "k-good"])
        model.invoke("Hello")
    assert [exchange.fault for exchange in emulator.log] == ["Revoked", None]

It answers always the same to the same question, plays faults by key and by script, refuses what
the real APIs refuse, and keeps a log of its own.
"""

from scout_adapters.testing.emulator.emulator import Emulator, run
from scout_adapters.testing.emulator.request_log import Exchange
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

__all__ = [
    "BadRequest",
    "CloseBeforeAnswer",
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
    "ServerError",
    "Slow",
    "Stall",
    "Suspended",
    "TooLarge",
    "UpstreamLimited",
    "run",
]
