"""Print what LangSmith, Langfuse, OpenInference and OpenLLMetry show of calls, and their bills."""

from __future__ import annotations

import sys

from tests.telemetry.trace_table import main

if __name__ == "__main__":
    sys.exit(main())
