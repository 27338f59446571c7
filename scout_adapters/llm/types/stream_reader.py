"""The protocol of what reads a streamed answer."""

from __future__ import annotations

from typing import Protocol

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json


class StreamReader(Protocol):
    """Reads one streamed answer: holds its state, does no I/O."""

    finished: bool
    """Whether the terminal event has arrived; a stream without it has failed."""

    usage: UsageMetadata | None
    """The tokens counted so far; None if unknown."""

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event (None is the `[DONE]` marker); return its content, None if it has none.

        The metadata of the first chunk has `model_name` and `model_provider`.

        Raises:
            ProviderRefusal: The event is an error; also possible after the terminal event.
            MalformedResponse: A documented field is missing or has another type.
        """

    def close(self) -> AIMessageChunk:
        """Return the last chunk: finish reason, usage, `chunk_position="last"`.

        The engine checks `finished` first. It may also be called on an interrupted stream.
        """


class ToolProgress(Protocol):
    """The state of tools that run at the provider while an answer streams.

    A `StreamReader` may have one as `tool_progress`.
    """

    @property
    def runs(self) -> bool:
        """Whether a tool runs, as the provider has stated: it may take minutes without content."""

    @property
    def steps(self) -> int:
        """Number of statements so far that differed from the earlier ones, such as `searching`."""
