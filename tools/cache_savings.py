"""Compare prompt caches and bills: conversations that keep to a key, keys in turn, and one key.

`--litellm PYTHON` adds LiteLLM's router, by the interpreter of an environment that has litellm.
Then agents of `langchain.agents` over a route of three providers, with five keys each.

`--seed`, `--threads` and `--turns` change what is played.
"""

from __future__ import annotations

import sys

from tests.system.prompt_caches.savings import main

if __name__ == "__main__":
    sys.exit(main())
