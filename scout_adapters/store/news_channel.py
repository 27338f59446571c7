"""A thread that receives messages of a Redis channel, and connects again with jitter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from scout_adapters.store.redis_server import RedisServer, StoreUnavailableError

TICK_SECONDS = 0.5
"""Seconds between two checks for something to do besides messages."""

PING_TICKS = 10
"""Ticks without a message after which the connection is checked."""

READ_ALL_SECONDS = 60.0
"""Seconds after which all facts are read again, also without a reason."""

MAX_BACKOFF_SECONDS = 2.0
STOP_SECONDS = 1.0


class NewsChannel:
    """Receives messages in a daemon thread of this process.

    `read_all` runs after each connection, after the subscription: nothing is missed between them.
    """

    def __init__(
        self,
        server: RedisServer,
        channel: str,
        read_all: Callable[[], None],
        receive: Callable[[str], None],
    ) -> None:
        self._server = server
        self._channel = channel
        self._read_all = read_all
        self._receive = receive
        self._stopped = threading.Event()
        self._read_due = threading.Event()
        self.is_connected = threading.Event()
        """Set while messages are received."""

        self._subscription: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="scout-store-news", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits a moment for it."""
        self._stopped.set()
        connection = getattr(self._subscription, "connection", None)
        if connection is not None:
            with suppress(Exception):  # another thread reads from it at this moment
                connection.disconnect()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS)

    def read_all_soon(self) -> None:
        """Read all facts at the next tick."""
        self._read_due.set()

    def _run(self) -> None:
        backoff = 0.05
        while not self._stopped.is_set():
            try:
                self._listen()
            except StoreUnavailableError:
                pass  # it is logged
            except Exception as error:  # noqa: BLE001  # no answer of a server ends the thread
                if not self._stopped.is_set():
                    self._server.record_failure(error)
            if self.is_connected.is_set():
                backoff = 0.05
            self.is_connected.clear()
            self._stopped.wait(backoff * (0.5 + self._server.random()))
            backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)

    def _listen(self) -> None:
        """Receive messages until the connection fails."""
        subscription = self._subscription = self._server.client.pubsub()
        with subscription:
            subscription.subscribe(self._channel)
            if subscription.get_message(timeout=self._server.url.timeout) is None:
                raise TimeoutError("no answer to a subscription")
            self._read_all()
            self.is_connected.set()
            self._receive_messages(subscription)

    def _receive_messages(self, subscription: Any) -> None:
        silent, read_again = 0, self._server.now() + READ_ALL_SECONDS
        while not self._stopped.is_set():
            message = subscription.get_message(timeout=TICK_SECONDS)
            silent = 0 if message is not None else silent + 1
            if message is not None and message["type"] == "message":
                self._receive(message["data"])
            if silent == PING_TICKS:
                subscription.ping()
            elif silent > PING_TICKS + 2:
                raise TimeoutError("no answer to a ping")
            if self._read_due.is_set() or self._server.now() >= read_again:
                self._read_due.clear()
                self._read_all()
                read_again = self._server.now() + READ_ALL_SECONDS
