"""What one process finds of a key or a circuit applies in the others, through every store."""

from __future__ import annotations

import time
from hashlib import blake2b

from scout_adapters.errors import KeyEffect
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_affinity import ConversationKeys, KeyAffinity
from scout_adapters.store import MemoryStore
from scout_adapters.store.facts import STATE, Fact, FactKind
from tests.store.conftest import Side, until_known
from tests.support.waiting import HANG, until

Sides = tuple[Side, Side]

BUSY = HANG
"""Seconds that a message takes at most on a machine that does much else."""


def fail(side: Side, effect: KeyEffect, retry_after: float | None = None) -> None:
    """Fail an attempt with the first key."""
    now = time.monotonic()
    lease = side.pool.lease_again(side.key(), "m", now)
    assert lease is not None
    side.pool.fail(lease, effect, now=now, model="m", retry_after=retry_after)


def test_a_refused_key_is_refused_everywhere(sides: Sides) -> None:
    here, there = sides
    fail(here, "refuse")
    until_known(lambda: there.key().permanently_failed)
    assert there.key().is_rejected
    assert abs(there.key().quarantined_until - here.key().quarantined_until) < BUSY
    assert not there.key(1).permanently_failed


def test_an_account_without_credit_is_named_as_that_everywhere(sides: Sides) -> None:
    here, there = sides
    here.key().out_of_credit = True
    fail(here, "quarantine")
    until_known(lambda: there.key().permanently_failed)
    assert there.key().out_of_credit
    assert not there.key().is_rejected


def test_a_rate_limit_rests_the_key_for_its_model_everywhere(sides: Sides) -> None:
    here, there = sides
    fail(here, "cooldown", retry_after=3000)
    until_known(lambda: there.key().model_cooldowns)
    now = time.monotonic()
    assert 3000 - BUSY < there.key().ready_at("m") - now <= 3000
    assert there.key().is_usable("other", now)


def test_a_shorter_rest_does_not_end_a_longer_one(sides: Sides) -> None:
    here, there = sides
    fail(here, "cooldown", retry_after=3000)
    until_known(lambda: there.key().model_cooldowns)
    assert there.key().shared is not None
    there.key().shared.rest("m", 1000)
    here.key(1).shared.rest("m", 1000)  # type: ignore[union-attr]  # shared by the fixture
    until_known(lambda: there.key(1).model_cooldowns)
    for side in sides:
        assert side.key().ready_at("m") > time.monotonic() + 1500


def test_a_key_that_is_reset_is_healthy_everywhere(sides: Sides) -> None:
    here, there = sides
    fail(here, "refuse")
    until_known(lambda: there.key().permanently_failed)
    there.pool.reset()
    until_known(lambda: not here.key().permanently_failed)
    assert here.key().is_usable("m", time.monotonic())


def test_a_success_that_began_before_the_refusal_does_not_end_the_rest(sides: Sides) -> None:
    here, there = sides
    lease = there.pool.lease_again(there.key(), "m", time.monotonic())
    assert lease is not None
    fail(here, "cooldown", retry_after=3000)
    until_known(lambda: there.key().model_cooldowns)
    there.pool.succeed(lease, "m")
    assert there.key().ready_at("m") > time.monotonic()


def test_clocks_that_differ_a_little_change_nothing(sides: Sides) -> None:
    """A rest whose age is rounded up seems to have begun before a call that was in flight."""
    _, there = sides
    lease = there.pool.lease_again(there.key(), "m", time.monotonic())
    refused = there.pool.lease_again(there.key(1), "m", time.monotonic())
    assert lease is not None
    assert refused is not None
    kinds: tuple[FactKind, ...] = ("rest", "quarantine")
    for number, kind in enumerate(kinds):
        shared = there.key(number).shared
        assert shared is not None
        place = "rest m" if kind == "rest" else STATE
        there.health.receive([Fact(shared.subject, place, kind, seconds=20.0, age=1.0)])
    there.pool.succeed(lease, "m")
    there.pool.fail(refused, "refuse", now=time.monotonic(), model="m")
    assert there.key().ready_at("m") > time.monotonic()
    assert there.key(1).quarantines == 1


def test_of_two_facts_that_cross_on_the_way_all_keep_what_the_store_keeps() -> None:
    side, circuit = Side.of(MemoryStore()), CircuitBreaker("groq")
    side.health.add_circuit("groq", "https://api.groq.com", circuit)
    circuit.trip(time.monotonic())
    side.pool.reset()
    own = {fact.subject: fact for fact in side.health.live_facts()}
    shared = side.key().shared
    assert shared is not None
    assert circuit.shared is not None
    others = [
        Fact(shared.subject, STATE, "quarantine", 60.0),
        Fact(circuit.shared.subject, STATE, "closed", 60.0),
    ]
    side.health.receive(others)
    assert (side.key().permanently_failed, circuit.open_until) == (True, None)
    for fact in others:
        side.health.receive_own(own[fact.subject])
    assert not side.key().permanently_failed
    assert circuit.open_until is not None
    kinds: tuple[FactKind, ...] = ("quarantine", "revival")
    for kind in kinds:  # further ones of this process, in the store's order
        side.health.receive_own(Fact(shared.subject, STATE, kind, 60.0))
        assert side.key().permanently_failed == (kind == "quarantine")


def test_a_rest_that_this_process_ended_does_not_come_back_with_its_own_message() -> None:
    side = Side.of(MemoryStore())
    fail(side, "cooldown", retry_after=3000)
    (rest,) = side.health.live_facts()
    side.pool.reset()
    for fact in (rest, *side.health.live_facts()):
        side.health.receive_own(fact)
    assert side.key().is_usable("m", time.monotonic())
    assert "rest" not in {fact.kind for fact in side.health.live_facts()}


def test_a_rest_that_crossed_a_revival_on_the_way_ends_as_it_does_in_the_store() -> None:
    side = Side.of(MemoryStore())
    side.pool.reset()
    shared = side.key().shared
    assert shared is not None
    (revival,) = (fact for fact in side.health.live_facts() if fact.subject == shared.subject)
    others = [Fact(shared.subject, place, "rest", 60.0) for place in ("rest m", "rest")]
    side.health.receive(others, in_order=True)
    assert not side.key().is_usable("m", time.monotonic())
    side.health.receive_own(revival._replace(age=3000.0))  # sent after an outage: the rests count
    assert not side.key().is_usable("m", time.monotonic())
    shared.rest("other", 3000)
    side.health.receive_own(revival._replace(age=0.0))  # as of now, when the store has it
    assert side.key().is_usable("m", time.monotonic())
    (own,) = (fact for fact in side.health.live_facts() if fact.kind == "rest")
    assert own.place == "rest other"


def test_an_open_circuit_is_open_everywhere_until_probes_close_it(sides: Sides) -> None:
    circuits = [CircuitBreaker("groq"), CircuitBreaker("groq")]
    for side, circuit in zip(sides, circuits, strict=True):
        side.health.add_circuit("groq", "https://api.groq.com", circuit)
    now = time.monotonic()
    circuits[0].trip(now)
    until(lambda: not circuits[1].is_available())
    late = now + 60
    for _ in range(2):
        permit = circuits[1].permit(late)
        assert permit is not None
        circuits[1].report(permit, "good", late)
    until(circuits[0].is_available)


def first_key(side: Side, conversation: bytes) -> str:
    """Return the key with which a process begins a conversation that it does not know."""
    keys = ConversationKeys(conversation, KeyAffinity(300))
    return side.pool.keys_of(keys, "m", time.monotonic(), frozenset(), 0)[0].id


def test_a_conversation_begins_with_the_same_key_in_every_process(sides: Sides) -> None:
    here, there = sides
    conversations = [blake2b(bytes([number]), digest_size=16).digest() for number in range(60)]
    begun = [first_key(here, conversation) for conversation in conversations]
    assert begun == [first_key(there, conversation) for conversation in conversations]
    assert set(begun) == {state.id for state in here.pool.states}


def shared_circuits(sides: Sides) -> tuple[CircuitBreaker, CircuitBreaker]:
    """Return an open circuit in each process; the cooldown is over after 60 s."""
    circuits = CircuitBreaker("groq"), CircuitBreaker("groq")
    for side, circuit in zip(sides, circuits, strict=True):
        side.health.add_circuit("groq", "https://api.groq.com", circuit)
    circuits[0].trip(time.monotonic())
    until(lambda: not circuits[1].is_available())
    return circuits


def test_one_process_probes_an_open_circuit_and_the_others_wait_for_it(sides: Sides) -> None:
    here, there = shared_circuits(sides)
    late = time.monotonic() + 45
    probe = here.permit(late)
    assert probe is not None
    until(lambda: not there.is_available(late))
    assert late < there.ready_at(late) <= late + 1
    here.report(probe, "good", late)
    until(lambda: there.is_available(late))
    second = there.permit(late)  # the two probes that close it are of two processes
    assert second is not None
    there.report(second, "good", late)
    until(lambda: here.open_until is None and there.open_until is None)


def test_a_probe_that_never_reports_does_not_block_the_others(sides: Sides) -> None:
    here, there = shared_circuits(sides)
    late = time.monotonic() + 45
    assert here.permit(late) is not None
    until(lambda: not there.is_available(late))
    assert there.permit(late + 61) is not None


def test_a_probe_that_fails_opens_the_circuit_everywhere(sides: Sides) -> None:
    here, there = shared_circuits(sides)
    there.cooldown = 3000.0
    now = time.monotonic()
    probe = there.permit(now + 45)
    assert probe is not None
    until(lambda: not here.is_available(now + 45))
    there.report(probe, "fault", now)
    until(lambda: here.ready_at(now) > now + 1500)


def test_a_process_that_starts_later_knows_what_happened_before(sides: Sides) -> None:
    here, _ = sides
    fail(here, "refuse")
    here.key(1).shared.rest(None, 3000)  # type: ignore[union-attr]  # shared by the fixture
    until_known(lambda: sides[1].key(1).cooldown_until)
    later = Side.of(here.store)
    until_known(lambda: later.key().permanently_failed)
    until_known(lambda: later.key(1).ready_at() > time.monotonic() + 1500)


def test_nothing_that_is_stored_or_sent_contains_a_key(sides: Sides) -> None:
    here, there = sides
    fail(here, "refuse")
    until_known(lambda: there.key().permanently_failed)
    assert "key-1" not in repr(there.health.live_facts())
