"""What the audit log adds up to: costs, tokens, failures, latencies and keys, in one pass.

`summarise` reads a log; `scout-adapters costs` prints what came, `write_page` makes a page of it.
"""
