"""How tools at the provider get on, by the events of a streamed response that show nothing.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.wires.openai_responses.stream_items import StreamedItem

MAX_STATES = 32
"""Different events of an item that count as progress."""


class ItemProgress:
    """Reads events such as `response.web_search_call.searching`; a `ToolProgress`.

    Only what is new counts: an item's state once, and each piece of a tool's code. An event that is
    repeated is no progress.
    """

    __slots__ = ("_running", "_states", "steps")

    def __init__(self) -> None:
        self.steps = 0
        """Number of events so far that stated something new."""
        self._states: dict[StreamedItem, set[str]] = {}
        self._running: set[StreamedItem] = set()

    @property
    def runs(self) -> bool:
        """Whether an item runs: its state was stated, and it has not ended."""
        return any(not item.done for item in self._running)

    def read(self, event: Json, item: StreamedItem | None) -> None:
        """Read an event of an item; others are ignored."""
        kind = event["type"]
        if item is None or item.done or not kind.startswith(f"response.{item.kind}"):
            return
        if kind.endswith(".delta"):
            self.steps += bool(event.get("delta"))
            return
        states = self._states.setdefault(item, set())
        if kind not in states and len(states) < MAX_STATES:
            states.add(kind)
            self.steps += 1
        if kind.startswith(f"response.{item.kind}."):  # not that of a part, such as its code
            self._running.add(item)
