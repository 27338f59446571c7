"""Run LangChain's suite on all chat models; print the table and write it into its page."""

from __future__ import annotations

import sys

from tests.system.langchain_suite.suite_table import main

if __name__ == "__main__":
    sys.exit(main())
