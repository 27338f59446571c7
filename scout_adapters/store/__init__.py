"""Stores that several processes and machines share: the health of keys, circuits, budgets.

What happens to a key is a fact (`facts.py`), which a store sends to all processes; each of them
decides by its own copy, so that no call waits for a store. Money is different: it is held in the
store itself (`budget/redis_budgets.py`), before a request is sent.
"""

from __future__ import annotations

from scout_adapters.store.facts import Fact as Fact
from scout_adapters.store.facts import FactListener as FactListener
from scout_adapters.store.facts import StateStore as StateStore
from scout_adapters.store.memory_store import MemoryStore as MemoryStore
from scout_adapters.store.open_store import open_state_store as open_state_store
