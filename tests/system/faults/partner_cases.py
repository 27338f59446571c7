"""Which cases of the table are played by chat models of official packages, and why others not."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from scout_adapters.testing import CutGzip, KeepAlive, Raw, Said
from tests.system.faults.catalogue import FAULTS
from tests.system.faults.partner_play import OTHERS, PARTNERS
from tests.system.faults.play import Case
from tests.system.faults.test_rows import CASES

ALL = os.environ.get("SCOUT_PARTNER_FAULTS") == "all"
"""Whether each case is played in each verb through each package: `make partner-faults`."""

OF_ONE_CANDIDATE = "the keys of a chat model are candidates of their own, which are asked as well"
UNKNOWN = "the package raises a built-in exception for such an answer: its kind is unknown"
NO_WHOLE_ANSWER = "ChatOpenAI skips a whole answer to a request for a stream: an incomplete stream"
NO_END_MARK = "the SDK removes the end mark, and without a finish reason the stream is cut off"
OF_TRANSPORT = "sizes and content codings that are read are those of its HTTP library"
REAL_TIME = "silence between events is measured by the event loop, whose clock does not stand still"
FOLLOWS = "Google's SDK follows redirects itself"
NO_ROLE = "its first event has text"

Exceptions = Mapping[tuple[int, str], str]

OF_EACH: Exceptions = {
    **dict.fromkeys([(17, ""), (18, "openai"), (18, "alone"), (31, "")], OF_ONE_CANDIDATE),
    **dict.fromkeys([(20, "next candidate"), (20, "nobody"), (23, "groq")], OF_ONE_CANDIDATE),
    **dict.fromkeys([(35, "498"), (35, "503")], OF_ONE_CANDIDATE),
    (47, "between words for too long"): REAL_TIME,
    **dict.fromkeys([(row, case.id) for row in (42, 59) for case in CASES[row]], OF_TRANSPORT),
}
"""Cases that apply to no package, by row and name, and why."""

EXCEPT: Mapping[str, Exceptions] = {
    "openai": {
        **OF_EACH,
        **dict.fromkeys([(38, "portal"), (38, "null"), (38, "list")], UNKNOWN),
        **dict.fromkeys(
            [(38, "next candidate"), (45, "choices null"), (45, "no message")], UNKNOWN
        ),
        (45, "choices null in the events"): UNKNOWN,
        **dict.fromkeys([(43, "octets"), (43, "none"), (44, "odd"), (44, "bom")], NO_WHOLE_ANSWER),
        **dict.fromkeys([(44, "utf-16"), (45, "null"), (45, "unknown reason")], NO_WHOLE_ANSWER),
        **dict.fromkeys([(45, "no usage")], NO_WHOLE_ANSWER),
        **dict.fromkeys([(58, "event only"), (58, "retry")], NO_END_MARK),
    },
    "anthropic": {
        **OF_EACH,
        **dict.fromkeys([(23, "anthropic"), (35, "529")], OF_ONE_CANDIDATE),
        **dict.fromkeys([(38, "portal"), (38, "next candidate")], UNKNOWN),
    },
    "google": {
        **OF_EACH,
        (18, "google"): OF_ONE_CANDIDATE,
        **dict.fromkeys([(39, status) for status in ("301", "302", "303", "307", "308")], FOLLOWS),
        **dict.fromkeys([(46, "role only"), (48, "after its role")], NO_ROLE),
        (47, "deadline between words"): "it has three events, which take no ten seconds",
        (53, ""): "a part of the first event is JSON that cannot be read",
    },
    "bedrock": {
        **OF_EACH,
        **dict.fromkeys([(38, "portal"), (38, "empty"), (38, "204")], UNKNOWN),
        (38, "next candidate"): UNKNOWN,
        (48, "of the key"): "a stream's exceptions are about the model and the request only",
        (53, ""): OF_TRANSPORT,
        (47, "deadline between words"): "core reads its stream in a thread, up to the next event",
    },
}

EVENTS_WITH_TEXT: Mapping[str, int] = {"anthropic": 5, "google": 1, "bedrock": 4}
"""Events of an answer after which its first words have arrived."""


def of_openai(case: Case) -> Case | None:
    """Return a case that has a provider with OpenAI's API; None for another one."""
    ours = all(step.partition(":")[0] in OTHERS for step in case.route)
    return None if ours else case


def at_partner(case: Case, partner: str) -> Case | None:
    """Return a case of this provider, or one of Groq's that can occur there; None for another."""
    providers = {step.partition(":")[0] for step in case.route}
    if partner in providers:
        return case
    faults = [fault for faults in (*case.script.values(), case.always.values()) for fault in faults]
    if "groq" not in providers or not all(_occurs(fault, partner) for fault in faults):
        return None
    return replace(
        case,
        route=tuple(_renamed(step, partner) for step in case.route),
        script={
            _renamed(name, partner): tuple(_moved(fault, partner) for fault in faults)
            for name, faults in case.script.items()
        },
        always={_renamed(name, partner): fault for name, fault in case.always.items()},
        outcomes=tuple(_renamed(line, partner) for line in case.outcomes),
    )


def _occurs(fault: Any, partner: str) -> bool:
    """Return whether a fault is none of OpenAI's own form, and possible on the partner's wire."""
    if isinstance(fault, Raw):
        return fault.status >= 300
    if partner in {"bedrock", "google"} and isinstance(fault, KeepAlive):
        return False  # frames, and events without comments
    return not isinstance(fault, Said)


def _renamed(step: str, partner: str) -> str:
    """Return a route's step, a key's name or an outcome with the partner in place of Groq."""
    return partner + step.removeprefix("groq") if step.startswith("groq") else step


def _moved(fault: Any, partner: str) -> Any:
    """Return a fault in the middle of a stream as one after the partner's first words."""
    if isinstance(fault, CutGzip):
        return replace(fault, keep=0.8)
    after = getattr(fault, "after", None)
    if not isinstance(after, int) or after <= 1:
        return fault
    return replace(fault, after=EVENTS_WITH_TEXT[partner])


def plays() -> Iterator[Any]:
    """Yield partner, fault, case and verb: half of the verbs of ChatOpenAI, one of the others.

    Which of them takes turns; with `ALL`, all verbs.
    """
    for partner in ("openai", *PARTNERS):
        for at, (number, case) in enumerate(_cases(partner)):
            verbs = [verb for verb in FAULTS[number].verbs if verb in case.verbs]
            if not ALL:
                verbs = verbs[at % 2 :: 2] if partner == "openai" else [verbs[at % len(verbs)]]
            for verb in verbs:
                name = "-".join(filter(None, (partner, f"{number}", case.id, verb)))
                yield pytest.param(partner, FAULTS[number], case, verb, id=name)


def _cases(partner: str) -> Iterator[tuple[int, Case]]:
    for number, cases in CASES.items():
        for case in cases:
            played = of_openai(case) if partner == "openai" else at_partner(case, partner)
            if played is not None and (number, case.id) not in EXCEPT[partner]:
                yield number, played


def unknown_exceptions() -> Collection[tuple[int, str]]:
    """Return the exceptions that name no case."""
    cases = {(number, case.id) for number, of_row in CASES.items() for case in of_row}
    return {row for rows in EXCEPT.values() for row in rows} - cases
