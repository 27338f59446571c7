"""Sums of an audit log: costs, tokens, failures, latencies and keys, in one pass.

`summarise` reads a log; `scout-adapters costs` prints the sums, `write_page` makes a page of them.
"""
