"""Answer a request to the emulator from its script."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from scout_adapters.testing.scripts.answer_script import HeldAnswer

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.refusals import Fault
    from scout_adapters.testing.http_messages import HttpReply, Json
    from scout_adapters.testing.scripts.answer_script import AnswerScript

Played = tuple["HttpReply", "Fault | None"]
"""A reply, and the fault in it."""


def scripted_reply(
    script: AnswerScript, context: FaultContext, fault: Fault | None, body: Json | None
) -> Played:
    """Return the reply to a request, by a script unless its body is refused.

    `fault` is one of keys or providers; the scripted answer that it keeps from arriving stays for
    the next request.
    """
    read = context.protocol.read
    if body is None or read is None or context.protocol.check(context, body) is not None:
        return (fault.play(context) if fault else context.good()), fault
    held = script.hold(context.provider.name, read(context, body))
    if not isinstance(held, HeldAnswer):
        return context.refuse("bad_request", message=held), fault
    context = replace(context, scripted=held.answer.answer_to(read(context, body)))
    if fault is None and held.answer.fault is not None:
        return held.answer.fault.play(context), held.answer.fault
    reply = fault.play(context) if fault else context.good()
    if not has_arrived(reply):
        script.release(held)
    return reply, fault


def has_arrived(reply: HttpReply) -> bool:
    """Return whether a reply contains a whole answer."""
    return reply.billed and reply.ending == "clean" and reply.status == HTTPStatus.OK
