"""Facts shared through Redis or Valkey: sent by one thread, received by another.

No call waits for the server. After each (re)connection all facts are read, and those that the
server lacks are sent again, so that a missed message or an empty server loses nothing that a
running process remembers.
"""

from __future__ import annotations

import atexit
import json
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import Any
from weakref import WeakSet

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters.store.facts import MAX_SUBJECTS, NO_DETAILS, Fact, FactListener
from scout_adapters.store.health_functions import (
    INDEX_SECONDS,
    MAX_SNAPSHOT,
    NEWER_COUNTS,
    PUBLISH_FACT,
    READ_FACTS,
)
from scout_adapters.store.news_channel import NewsChannel
from scout_adapters.store.redis_server import LuaCall, RedisServer, StoreUnavailableError
from scout_adapters.store.redis_url import RedisUrl

TAG = "health"
EXIT_SECONDS = 2.0
"""Seconds that the end of a program waits for facts to be sent. A short program has only begun to
connect; a server that does not answer ends the wait after its `timeout`."""

MAX_BATCH = 200
"""Facts that are sent in one round trip."""

Place = tuple[str, str]
"""What a fact is about: its subject and place. A newer fact about the same replaces it."""

Published = tuple[Fact, float]
"""A fact, and when it was published, in monotonic seconds."""

ANY_REST = "any rest"
"""Stands for the places of a key's rests, which a revival ends."""


class RedisStore:
    """Shares facts between all processes that have the same address.

    model = ScoutRouterChatModel(models=["groq/llama-3.3-70b-versatile"], store="redis://host:6379")
    """

    def __init__(self, url: RedisUrl, clock: Clock = SYSTEM) -> None:
        self.label = url.label
        self.shares_quotas = url.shares_quotas
        self.server = RedisServer(url, clock=clock)
        self._clock = clock
        self._lock = fork_safe_lock()
        self._listeners: list[FactListener] = []
        self._is_closed = False
        self._channel = self.server.key(TAG, "news")
        self.others = 0
        """Other processes, as far as it is known: those that received the last fact of this one,
        in a cluster from the same node; at least 1 once another has sent one."""

        self._start_process()
        _stores.add(self)

    def _start_process(self) -> None:
        """Set what belongs to one process: a forked child has its own threads and connections."""
        self.sender_id = token_hex(8)
        self._outbox: SimpleQueue[Published | None] = SimpleQueue()
        self._sender: threading.Thread | None = None
        self._news: NewsChannel | None = None
        self._on_the_way = BoundedDict[Place, Published](MAX_SUBJECTS)
        """What was published last about each place, until the server has answered."""

        self._unsent = BoundedDict[Place, Published](MAX_SUBJECTS)
        """What could not be sent, by what it is about."""

        self._answered_at = float("-inf")

    def start_again(self) -> None:
        """Start the threads of a forked child, if the parent had some."""
        had_news = self._news is not None
        self._start_process()
        if had_news:
            self._listen()

    def publish(self, fact: Fact) -> None:
        if self._is_closed:
            return
        published = fact, self._clock.now()
        with self._lock:
            _remember(self._on_the_way, published)
        self._outbox.put(published)
        if self._sender is None:
            self._start_sender()

    def subscribe(self, listener: FactListener) -> None:
        with self._lock:
            self._listeners.append(listener)
        self._listen()

    def _listen(self) -> None:
        """Read all facts for the listeners; in a thread that goes on with what others publish."""
        with self._lock:
            if self._news is not None:
                self._news.read_all_soon()
                return
            self._news = NewsChannel(self.server, self._channel, self._read_all, self._receive)
            self._news.start()  # reads all of them first

    def _start_sender(self) -> None:
        with self._lock:
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send_all, args=(self._outbox,), name="scout-store", daemon=True
                )
                self._sender.start()

    def _send_all(self, outbox: SimpleQueue[Published | None]) -> None:
        while (first := outbox.get()) is not None:
            batch = [first]
            while len(batch) < MAX_BATCH:
                try:
                    further = outbox.get_nowait()
                except Empty:
                    break
                if further is None:
                    outbox.put(None)
                    break
                batch.append(further)
            self._send(batch)

    def _send(self, batch: Sequence[Published]) -> None:
        now = self._clock.now()
        calls = [self._call_of(fact, since, now) for fact, since in batch]
        news = self._news  # once: the store may be closed meanwhile
        try:
            received = self.server.run(calls)
            self._answered_at = self._clock.now()
            if isinstance(received[-1], int) and received[-1] > 0:
                self.others = received[-1] - 1
            self._end_way(batch)
            if NEWER_COUNTS in received and news is not None:
                news.read_all_soon()
        except StoreUnavailableError:
            self._end_way(batch, is_unsent=news is not None)
            if news is not None:  # its listeners remember the facts: they are sent then
                news.read_all_soon()

    def _end_way(self, batch: Sequence[Published], *, is_unsent: bool = False) -> None:
        """Forget facts that the server has answered, or remember that they could not be sent."""
        with self._lock:
            for published in batch:
                for place in _places(published[0]):
                    if self._on_the_way.get(place) is published:
                        del self._on_the_way[place]
                if is_unsent:
                    _remember(self._unsent, published)

    def _call_of(self, fact: Fact, since: float, now: float) -> LuaCall:
        keys = self.server.key(TAG, "of", fact.subject), self.server.key(TAG, "index")
        left = max(1, round((fact.seconds - (now - since)) * 1000))
        # A server that is slow stores a fact late: what followed it must not seem to be older, not
        # by a part of a millisecond either. What waited for the answer counts as of now.
        waited = now - since if since > self._answered_at else 0.0
        age = max(0, int((fact.age + waited) * 1000))
        details = json.dumps(dict(fact.details))
        about = fact.subject, fact.place, fact.kind, left, age, details
        return LuaCall(
            PUBLISH_FACT, keys, (*about, self._channel, self.sender_id, INDEX_SECONDS * 1000)
        )

    def facts(self) -> list[Fact]:
        """Return the facts that apply now, from the server.

        Raises: `StoreUnavailableError`.
        """
        subjects = self.server.key(TAG, "of", "")
        call = LuaCall(READ_FACTS, [self.server.key(TAG, "index")], (subjects, MAX_SNAPSHOT))
        (rows,) = self.server.run([call])
        try:
            return [_fact(row) for row in rows]
        except (TypeError, ValueError, KeyError) as error:
            raise self.server.record_failure(ValueError(f"unexpected answer: {error}")) from None

    def _read_all(self) -> None:
        """Receive all facts of the server; send those of this process that it lacks."""
        facts = self.facts()
        stored = {_place(fact): fact.kind for fact in facts}
        with self._lock:
            unsent, self._unsent = self._unsent, BoundedDict(MAX_SUBJECTS)
        for listener in self._all_listeners():
            listener.receive(facts, unless=partial(self._has_rival, unsent))
            for fact in listener.live_facts():
                place = _place(fact)
                if place in unsent or stored.get(place) != fact.kind:
                    self.publish(fact)

    def _has_rival(self, unsent: Mapping[Place, Published], fact: Fact) -> bool:
        """Return whether a fact that was read concerns one of this process without an answer yet.

        Which one is newer, the server decides: the time until this one was read may be longer than
        the time between the two.
        """
        now, places = self._clock.now(), _rivals(fact)
        with self._lock:
            waiting = [
                published
                for known in (unsent, self._unsent, self._on_the_way)
                for place in places
                if (published := known.get(place)) is not None
            ]
        return any(own.seconds > now - since for own, since in waiting)

    def _receive(self, message: str) -> None:
        try:
            sender, *row = json.loads(message)
            fact = _fact(row)
        except (TypeError, ValueError, KeyError):
            return  # not of this package, or of another version of it
        if sender != self.sender_id:
            self.others = self.others or 1
        for listener in self._all_listeners():
            if sender == self.sender_id:
                listener.receive_own(fact)
            else:
                listener.receive([fact], in_order=True)

    def _all_listeners(self) -> list[FactListener]:
        with self._lock:
            return [*self._listeners]

    def wait_until_connected(self, seconds: float) -> bool:
        """Wait until this process receives messages. Return whether it does."""
        news = self._news  # once: the store may be closed meanwhile
        return news is not None and news.is_connected.wait(seconds)

    def flush(self, seconds: float = 1.0) -> bool:
        """Wait until all facts have been sent. Return whether they were."""
        sender = self._sender
        if sender is None:
            return True
        self._outbox.put(None)
        sender.join(seconds)
        self._sender = None
        return not sender.is_alive()

    def close(self) -> None:
        self._is_closed = True  # keys that are still in use may publish
        with self._lock:
            news, self._news = self._news, None
        if news is not None:
            news.stop()
        self.flush()
        self.server.close()


def _place(fact: Fact) -> Place:
    return fact.subject, fact.place


def _places(fact: Fact) -> list[Place]:
    return [_place(fact), *([(fact.subject, ANY_REST)] if fact.kind == "rest" else ())]


def _rivals(fact: Fact) -> list[Place]:
    """Return what a fact replaces or ends."""
    return [_place(fact), *([(fact.subject, ANY_REST)] if fact.kind == "revival" else ())]


def _remember(facts: BoundedDict[Place, Published], published: Published) -> None:
    for place in _places(published[0]):
        facts.put(place, published)


def _fact(row: Sequence[Any]) -> Fact:
    subject, place, kind, left, age, details = row
    values = json.loads(details)
    if not isinstance(values, dict):
        raise TypeError("details are no object")
    details = {str(name): int(value) for name, value in values.items()} or NO_DETAILS
    return Fact(str(subject), str(place), kind, float(left) / 1000, float(age) / 1000, details)


_stores: WeakSet[RedisStore] = WeakSet()


def _start_all_again() -> None:
    for store in list(_stores):
        store.start_again()


def _flush_all() -> None:
    """Send what is not sent yet when the interpreter ends."""
    for store in list(_stores):
        store.flush(EXIT_SECONDS)


call_after_fork(_start_all_again)
atexit.register(_flush_all)
