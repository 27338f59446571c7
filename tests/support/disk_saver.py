"""A checkpointer of LangGraph in a file, which outlives its process."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver


class DiskSaver(InMemorySaver):
    """Writes all checkpoints to a file after each change; for one process at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self._lock = path, threading.Lock()
        if path.exists():
            storage, self.writes, self.blobs = pickle.loads(path.read_bytes())
            for thread, namespaces in storage.items():
                for namespace, checkpoints in namespaces.items():
                    self.storage[thread][namespace].update(checkpoints)

    def put(self, *arguments: Any, **options: Any) -> Any:
        with self._lock:
            config = super().put(*arguments, **options)
            self._save()
        return config

    def put_writes(self, *arguments: Any, **options: Any) -> None:
        with self._lock:
            super().put_writes(*arguments, **options)
            self._save()

    def _save(self) -> None:
        storage = {thread: dict(of) for thread, of in self.storage.items()}
        new = self.path.with_suffix(".new")
        new.write_bytes(pickle.dumps((storage, self.writes, self.blobs)))
        new.replace(self.path)
